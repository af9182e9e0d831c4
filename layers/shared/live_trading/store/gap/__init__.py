"""Paper and live beside each other: what changed on either side, both as they stand, and the whole gap.

In: changes of twins, told rows.
Out: trades with both sides, pages of rows, what they come to by day and in all.
"""
