"""A Postgres server of our own on loopback, for data that is thrown away.

In: a directory.
Out: connections, and databases made and dropped.
"""
