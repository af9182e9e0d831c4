"""The checks of what the database knows, by subject: each leaves its questions for one round trip, and then judges.

In: limits, the moment, answers of the store.
Out: findings.
"""
