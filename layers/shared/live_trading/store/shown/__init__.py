"""What people are shown of trades, decisions and paper: pages of rows joined with what explains them.

In: an owner, filters and a page.
Out: rows of that owner alone, and of what is common to all: trades and traders.
"""
