"""Who is who at the venue: API keys, signatures, contracts, and where a factory puts a wallet.

In: addresses and signed bytes.
Out: the account that is meant, or a refusal.
"""
