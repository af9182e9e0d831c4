"""The ledger and what is read from it: balances, holdings, breaks, resolutions, gaps.

In: balanced transactions with a source reference.
Out: balances and positions as queries over entries.
"""
