"""How the API shows live trading as it went: stages of orders, fills, results, limits and what they leave.

In: values of the store and of the pure cores.
Out: answers as typed dictionaries, and rows of tables.
"""
