"""What watches over the system: health, alerts, jobs, audit, and the document of the API itself.

In: filters, and what a person says to an alert. Out: what was found, told and done.
"""
