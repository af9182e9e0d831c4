"""The exchange simulator: the venue's wire protocol over recorded real order books, on its own clock."""
