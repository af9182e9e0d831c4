"""This machine: where things are in the checkout, child processes, loopback ports, directories to throw away.

In: commands and names.
Out: processes that are never left behind, ports that nobody else is given.
"""
