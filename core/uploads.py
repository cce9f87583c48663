"""Where landed migrations look for it; the code is in core/files/names.py."""

from core.files.names import StoredUnder

__all__ = ["StoredUnder"]
