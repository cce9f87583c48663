"""Customers, their history, and what hangs off them, over REST."""
