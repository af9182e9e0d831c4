"""Orders as pure functions: states and their transitions, the venue's rounding, its fees."""
