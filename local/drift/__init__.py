"""Drift: does the venue still answer as our parsers, tables and parameters believe it does?

In: the live venue's public answers, a stack's, or recorded ones; the code on the chain.
Out: findings (what no longer fits), and notes (what is new and harms nothing).
"""
