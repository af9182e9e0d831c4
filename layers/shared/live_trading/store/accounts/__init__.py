"""Whose money it is: trading wallets, LT strategies and their limits, for their owners and for the executor.

In: what an owner asks for.
Out: strategies with the rules in force, wallets with their secrets' names.
"""
