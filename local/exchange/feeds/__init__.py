"""The read-only ports: the Data API v2 and Gamma.

In: questions with their filters and cursors.
Out: rows in the venue's shapes, as of the replay's present.
"""
