"""AWS behind small functions: secrets, alerts, this function once more."""
