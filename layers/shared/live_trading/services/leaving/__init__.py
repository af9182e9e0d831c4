"""Leaving positions before their market resolves: what is held is looked at, and sold where a rule says so.

In: what a paper wallet or a strategy holds, its rules, the books, and what the traders did.
Out: a decision on each position at each look, and the sales that follow from it.
"""
