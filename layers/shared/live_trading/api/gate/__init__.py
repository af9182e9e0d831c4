"""Who is let in beside his token: how often one caller may ask.

In: the subject of a token, and the route.
Out: nothing, or the problem that is answered.
"""
