"""Checks of health, alerts, and jobs: how they end, and those that somebody asked for.

In: results of checks, causes that come and go, jobs as they move on.
Out: alerts in force, what is to be told of them, and how each channel took it; how a job stands.
"""
