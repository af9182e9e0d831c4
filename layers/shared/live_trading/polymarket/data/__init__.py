"""The Data API v2: what a trader did, how positions ended, how fresh both are.

In: addresses and times.
Out: source trades, finished positions, quarantined rows.
"""
