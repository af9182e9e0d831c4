"""The things the system speaks of: frozen values, no I/O, imports nothing above it."""
