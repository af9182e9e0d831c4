"""How the API shows what watches over the system: jobs that were asked for, and the audit log.

In: rows of the store. Out: answers as typed dictionaries.
"""
