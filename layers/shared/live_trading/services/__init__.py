"""Use cases, a room a capability: the only place where the pure cores meet the adapters.

In: the clock, the store, the venue's and the chain's adapters, handed in by `wiring`.
Out: what is committed, sent and reported. Rooms import only rooms below them: entering, paper, settling, redeeming and
watching stand on guarding, that on reconciling, orders, following, alerting and running.
"""
