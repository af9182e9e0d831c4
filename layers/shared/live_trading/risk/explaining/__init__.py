"""What the rules' verdicts mean to somebody who reads them afterwards.

In: a rule's result as it is kept. Out: what would have had to be otherwise.
"""
