"""AWS behind small functions: secrets, alerts."""
