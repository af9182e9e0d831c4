"""What stops trading and gets out of it: the monitor, locks tripped and enforced, cancelling, closing, the kill switch.

In: how strategies stand, locks in force, an owner's or the operator's word.
Out: locks with their alerts, cancelled orders, sales sent, and what could not be done.
"""
