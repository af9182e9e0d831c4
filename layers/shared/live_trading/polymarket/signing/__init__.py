"""An order as typed data: its hash, its signature for each kind of wallet, and the policy before the key.

In: a plan and a wallet's secret.
Out: signed bytes as they are stored and posted.
"""
