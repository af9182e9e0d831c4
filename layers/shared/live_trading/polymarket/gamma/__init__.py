"""The catalogue: markets by condition id.

In: condition ids.
Out: markets, and what their labels hint about the resolution.
"""
