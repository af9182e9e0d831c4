"""Live trading of paper-proven copy strategies on Polymarket: the core shared by every function."""
