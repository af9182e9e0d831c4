"""Resources that are more than a screenful: their bodies, and what they do in the store.

In: a caller, ids, a parsed body.
Out: an answer with its status, or a Problem.
"""
