"""Customer data in Django admin: its list, and what customers' pages show of it."""

from customer_data.admin import customers, entries

__all__ = ["customers", "entries"]
