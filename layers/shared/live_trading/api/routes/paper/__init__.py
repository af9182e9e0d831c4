"""Paper wallets: their configurations, and what came of them.

In: configurations to check and keep. Out: wallets, versions and paper orders of their owner.
"""
