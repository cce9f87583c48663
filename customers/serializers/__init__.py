"""Customers and what hangs off them as JSON."""
