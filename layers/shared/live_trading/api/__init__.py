"""What HTTP asks and answers; the only room that knows JSON names.

In: events of the HTTP API (payload 2.0) and the resources that `wiring` builds.
Out: responses with one shape of error. `table` lists every route by the function that serves it.
"""
