"""What strategies hold of tokens: what can be sold, what made it, and what is remembered between two looks.

In: a transaction, a strategy, and looks to be remembered.
Out: positions as values, with their history.
"""
