"""FT wallets with the versions of their configuration, and their paper orders.

In: configurations, accepted decisions with their fills.
Out: wallets, versions and paper orders as they stand.
"""
