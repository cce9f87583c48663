"""Rows with letters like `ł` and `ø` are found without their strokes (core/folding.py). Nobody waits for it."""

from typing import ClassVar

from django.db import migrations

from core.db.migrations import fold_left_letters_of


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("customers", "0024_counted_in_indexes")]
    operations: ClassVar[list[object]] = [
        fold_left_letters_of(
            "customers", "Customer", "CustomerGroup", "Address", "Assignment", "LoyaltyEntry", "WishlistItem", "Review"
        )
    ]
