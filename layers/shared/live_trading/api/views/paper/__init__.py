"""How the API shows paper wallets: their configurations, and what came of them.

In: values of the store and of the pure cores.
Out: answers as typed dictionaries.
"""
