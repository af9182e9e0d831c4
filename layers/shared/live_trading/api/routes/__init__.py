"""A file a resource: its bodies, what it does in the store or through a service, and its routes.

In: a caller, ids in the path, a parsed body or parameters.
Out: an answer with its status, or a Problem. Rooms: `paper`, `live`, `money`, `feed` and `watch`.
"""
