"""Checks of health and alerts.

In: results of checks, causes that come and go.
Out: alerts in force, what is to be told of them, and how each channel took it.
"""
