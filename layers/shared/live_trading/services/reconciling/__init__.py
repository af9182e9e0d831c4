"""Brings a trading wallet's orders and fills in line with the venue, then the ledger in line with the chain.

In: orders that may still change, the venue's orders and trades, what the chain holds.
Out: booked truth, adopted outside activity, breaks, and the lock that follows from them.
"""
