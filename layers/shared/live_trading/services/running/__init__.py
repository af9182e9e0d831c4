"""Runs that hold a lease, and parts of a run that fail alone.

In: the name of a job or of a trading wallet, and the error of one part.
Out: a lease for the length of a block, a part failure as a value, or the error again where it is the whole run's.
"""
