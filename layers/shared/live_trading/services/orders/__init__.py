"""One order's way to the venue and back: sent from its committed bytes, its answers and fills booked.

In: intents with their signed bytes, and what the venue says of an order.
Out: transitions of the order's state, fills, ledger entries and audit lines, each once.
"""
