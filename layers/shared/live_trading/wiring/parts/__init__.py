"""Parts by what they are for, each layer of them standing on the one before: adapters, jobs, copying, reading.

In: the settings and the adapters.
Out: services and resources, each made on first use.
"""
