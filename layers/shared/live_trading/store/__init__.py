"""SQL lives here and nowhere else; every function takes an open transaction."""
