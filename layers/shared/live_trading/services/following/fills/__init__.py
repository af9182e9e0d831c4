"""What followed traders did, as two sources tell it: the feed and the chain."""
