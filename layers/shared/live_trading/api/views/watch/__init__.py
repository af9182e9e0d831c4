"""How the API shows what watches over the system: alerts and what was told of them, jobs asked for, the audit log.

In: values of the store.
Out: answers as typed dictionaries.
"""
