"""Risk rules as pure functions: each says what it observed, its limit, and what follows."""
