"""What health alone asks the database: how the server, feeds, money and strategies stand, and how checks stood before.

In: limits and moments.
Out: figures; and what is kept of checks, guards and execution.
"""
