"""The order book: its public data, one wallet's account, and what an answer proves.

In: order plans, hashes, token ids.
Out: signed orders, post outcomes, orders, trades, books, eligibility.
"""
