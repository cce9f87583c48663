"""Customers and what belongs to them as JSON."""
