"""How the API shows what became of money: statements of the ledger, exports, and what a wallet holds.

In: values of the store and of the pure cores.
Out: answers as typed dictionaries, and rows of tables.
"""
