"""The ways of a wallet's calls to the chain: its own transactions, or the venue's relayer, and the gas of the former.

In: calls, a wallet's signer.
Out: what is signed, what was taken, what has become of it.
"""
