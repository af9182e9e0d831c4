"""How the venue is asked and what its fields may look like.

In: paths, queries, JSON text.
Out: answers without binary floats, or one of our errors; calls counted.
"""
