"""Postgres, chain, exchange, AWS, issuer and functions, started and stopped together.

In: a directory and the exchange's options.
Out: addresses and secrets of a stack that is up, in `stack.json`.
"""
