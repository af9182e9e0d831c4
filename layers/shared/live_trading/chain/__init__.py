"""Polygon: reading the contracts, signing and sending transactions, redeeming resolved tokens."""
