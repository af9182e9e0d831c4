"""Would copying a trader have made money? The product's own paper trading over recorded trades, as of each trade.

In: a folder or a file of trades as people have them, with markets, books and positions where there are any.
Out: profit with its intervals, what the leader made of the same stakes, and a tearsheet; what was assumed is said.
"""
