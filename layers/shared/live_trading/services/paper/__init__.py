"""The paper side: every FT wallet decides each trade, bets on the real book, and is paid by the chain.

In: undecided source trades, books as they stand, payout vectors.
Out: FT decisions and orders with their evidence, and how each ended.
"""
