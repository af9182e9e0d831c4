"""What is asked of a trade before it is bet on: the numbers of it, the checks by what they are about, their order; and
what would have let a trade pass one.
"""
