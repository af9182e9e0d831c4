"""How rows and values look as JSON: decimals, times and ids as text.

In: rows of the store and values of the cores.
Out: JSON-ready dictionaries.
"""
