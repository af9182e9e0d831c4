"""health: asks every part by itself, keeps the answers, and turns bad ones into alerts that end when the cause does.

In: probes of the parts, and what the store knows of jobs, orders, breaks and locks.
Out: a report, stored checks, alerts raised, ended and notified.
"""
