"""How the API shows what is followed and what was decided on it.

In: values of the store and of the pure cores.
Out: answers as typed dictionaries.
"""
