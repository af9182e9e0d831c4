"""Checks of health and alerts.

In: results of checks, causes that come and go.
Out: alerts in force, and those that nobody was told of.
"""
