"""What the chain says: payouts, balances, allowances, receipts; many questions in few requests.

In: addresses, token and condition ids, transaction hashes.
Out: values at a block, or an error that says whether to ask again.
"""
