"""Use cases: the only place where the pure cores meet the adapters."""
