"""A SAM template read: functions, routes, schedules, topics, and the variables that a function gets.

In: the template's text and parameters.
Out: an application as values.
"""
