"""The ledger's convention, as pure functions: from an event to the balanced transaction that books it.

Debit is positive, credit negative, and every transaction sums to zero. One source books once: the source reference is
made of the event's own identity. A mistake is mended by another transaction, never by a change.
"""
