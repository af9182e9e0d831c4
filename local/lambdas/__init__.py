"""The Lambda service on one machine: the functions of a SAM template, run by the real runtime client.

Responsible for invoking functions as the platform does: over the Runtime API, over the HTTP API with its
authorizer, and by schedule. It does not emulate memory limits, permissions, or freezing between invocations.
"""
