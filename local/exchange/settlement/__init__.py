"""After the trade: resolution on the chain, and the relayer that acts for owners.

In: recorded payouts, signed messages of owners.
Out: payout vectors and transactions on the local chain.
"""
