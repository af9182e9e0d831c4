"""What a person at the terminal is told: how the stack stands, that it has stopped, how long something still takes.

In: the facts of a stack that is up, its database, and how long things took the last time.
Out: text, and an exit status.
"""
