"""What limits look at and what stops entries: facts, standing, observations, locks, and the projection that is shown.

In: locks put and released, observations of the outside.
Out: facts of one moment in one transaction, locks in force.
"""
