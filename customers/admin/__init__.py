"""Customers and what hangs off them, in Django admin."""

from customers.admin import customers, groups, history, merges, rates, records, sections

__all__ = ["customers", "groups", "history", "merges", "rates", "records", "sections"]
