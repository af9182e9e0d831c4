"""Runs that hold a lease, parts of a run that fail alone, jobs that go on without their caller, the trail in the log.

In: the name of a job or of a trading wallet, the error of one part, a job that was asked for.
Out: a lease for the length of a block, a part failure as a value, or the error again where it is the whole run's; how
a job stands; a line a step.
"""
