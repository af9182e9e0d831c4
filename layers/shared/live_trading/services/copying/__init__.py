"""Copying as fast as it goes: one invocation that stays, and has live and paper look at the same moment.

In: the time that an invocation has, and whatever tells of new trades.
Out: the passes of both, on news and at a steady beat, and one report of them all.
"""
