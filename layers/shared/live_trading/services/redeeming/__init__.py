"""lt-redemptions: resolved tokens become collateral, proved by what arrived; approvals are sent the same way.

In: redemptions that are due, approvals that were asked for, a wallet's ways to the chain.
Out: transactions followed until they are final, payments booked to the base unit, alerts where a person is needed.
"""
