"""How much of each limit of a strategy is used as things stand; nothing is decided by it.

In: its limits, and the snapshot and the largest stakes that the rules would look at.
Out: each limit that is on with what is used of it and what gives it back.
"""
