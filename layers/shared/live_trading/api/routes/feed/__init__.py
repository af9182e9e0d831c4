"""What is followed and what was decided on it: traders, their trades, and decisions.

In: whom to follow, and filters. Out: rows as they were seen, with their reasons.
"""
