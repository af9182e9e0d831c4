"""The matching engine: orders taken in, matched, settled on the local chain, and the truth about them.

In: orders as they arrive, depth of the recorded books, the replay's clock.
Out: trades with both sides' shares, dollars and fees.
"""
