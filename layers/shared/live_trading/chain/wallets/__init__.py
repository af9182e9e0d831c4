"""Who signs: the key that must never be seen, Safe transactions, and messages for the venue's relayer.

In: a key, calls of a wallet.
Out: signatures and encoded executions.
"""
