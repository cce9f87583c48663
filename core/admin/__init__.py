"""Django admin: the base classes for the pages of several apps, and the pages of core itself."""

from core.admin import chores

__all__ = ["chores"]
