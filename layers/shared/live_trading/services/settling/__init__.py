"""lt-resolve: books what the chain says of a market, and explains paper against live.

In: conditions with open orders, payout vectors.
Out: outcomes and P&L of each order, redemptions that are due, the terms of each gap.
"""
