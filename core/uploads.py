"""Migrations import StoredUnder from here. The code is in core/files/names.py."""

from core.files.names import StoredUnder

__all__ = ["StoredUnder"]
