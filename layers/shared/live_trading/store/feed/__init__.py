"""What followed traders did and what it is judged by: source trades, decisions, markets, traders and their statistics.

In: rows of the feed and the catalogue, decisions of a subject.
Out: undecided trades, markets as last seen, records as of an hour, quarantined rows.
"""
