"""What each source has told of trades: the blocks that were looked at, and who told of which trade."""
