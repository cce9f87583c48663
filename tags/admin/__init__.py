"""Tags in Django admin: their list, and what customers' pages show of them."""

from tags.admin import customers, tags

__all__ = ["customers", "tags"]
