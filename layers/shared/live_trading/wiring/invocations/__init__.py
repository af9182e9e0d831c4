"""What an invocation brings with it: how long it lives, and somebody who asked for what it does.

In: the event and the context that Lambda gives a function. Out: the time that a run may take, and an answer.
"""
