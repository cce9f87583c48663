"""Contacts in Django admin: their list, and what customers' pages show of them."""

from contacts.admin import contacts, customers

__all__ = ["contacts", "customers"]
