"""The sales desk's list: customers with their chat and tags, as /api/customers/ and the inbox show them."""

from messaging.desk.rows import DeskPages, desk_customers, desk_row, desk_rows

__all__ = ["DeskPages", "desk_customers", "desk_row", "desk_rows"]
