"""What goes wrong on demand, and where.

In: faults armed over the control port.
Out: whether a request or a step is struck now.
"""
