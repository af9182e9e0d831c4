"""Live orders: intents, their states and history, their fills, and what a wallet did at the venue without us.

In: committed intents, transitions from an expected state, fills.
Out: orders that may still change, orders as their owner sees them.
"""
