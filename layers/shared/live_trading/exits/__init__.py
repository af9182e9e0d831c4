"""When a position is left, how much of it, and at what price at least. Pure.

In: a position, the bids for it, the rules of its strategy, what was seen of it before, and the time.
Out: an exit to be placed with its reason, or the reason why nothing is sold, and what is to be remembered.
"""
