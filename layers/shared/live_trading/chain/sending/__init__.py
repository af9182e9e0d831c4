"""Transactions from signed bytes to a receipt: prepared, broadcast, outbid.

In: calls of a wallet, fee caps, a signer.
Out: signed bytes to commit before sending, and what became of them.
"""
