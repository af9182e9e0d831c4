"""What judging a trade takes: followed traders' trades, markets, traders' records, and decisions as they are stored.

In: the Data API's feed, Gamma's catalogue, payout vectors of the chain.
Out: source trades stored once, fresh markets and statistics, and the inputs that the shared evaluation judges by.
"""
