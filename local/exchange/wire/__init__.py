"""The CLOB's HTTP surface, the relayer's beside it, and the control port.

In: HTTP requests, some of them struck by armed faults.
Out: the venue's JSON and its refusals, word for word.
"""
