"""What the ledger expects of a wallet held against what the chain has, and differences booked as what they were.

In: a wallet, what it should hold, what the chain and the venue say of it, and a person's word.
Out: breaks with what may explain them, their alerts, surpluses booked, and corrections.
"""
