"""Trading wallets and what their money does: approvals, breaks, redemptions, and the books.

In: what an owner says of wallets. Out: balances, entries, and what is owed or wrong.
"""
