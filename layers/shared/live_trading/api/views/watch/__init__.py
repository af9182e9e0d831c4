"""How the API shows what watches over the system: alerts, and what was told of them.

In: values of the store.
Out: answers as typed dictionaries.
"""
