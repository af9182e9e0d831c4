"""Live strategies: limits, locks, orders, positions, how well they execute, and what is done by hand.

In: what an owner asks of strategies. Out: their state, and what was carried out.
"""
