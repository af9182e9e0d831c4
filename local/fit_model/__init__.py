"""Fits the model of how likely a bought outcome is to come, on what was decided and how it ended.

In: a database with decisions whose markets have paid.
Out: a report of how the model does on trades that it has not seen, and a version in the database where it does better
than the market's price.
"""
