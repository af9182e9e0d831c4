"""The connection and what belongs to no subject: migrations, leases, cursors, audit log, first answers, storable text.

In: statements with named parameters inside an open transaction.
Out: rows as dictionaries, Postgres errors as ours.
"""
