"""lt-execute: from new source trades to orders at the venue.

In: undecided source trades, strategies that may trade, books and markets.
Out: one decision a strategy and trade, with every rule's verdict, and at most one committed intent that is then sent.
"""
