"""The sections of a customer's page that need nothing of the apps above."""

from customers.admin.sections import assignments, groups, shop, timeline

__all__ = ["assignments", "groups", "shop", "timeline"]
