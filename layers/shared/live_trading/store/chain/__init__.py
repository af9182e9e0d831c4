"""What goes onto the chain: transactions with their signed bytes, redemptions and merges, approvals.

In: signed bytes before they are sent, transitions of redemptions.
Out: what is due, what is under way, what was proved.
"""
