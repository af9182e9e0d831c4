"""The recorded world and its clock: books, markets, scripted traders and what they did.

In: recordings and a seed.
Out: depth at a moment, fills in the order of the feed.
"""
