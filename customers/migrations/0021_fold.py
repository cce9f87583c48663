"""What is searched of existing rows, and names of groups that are unique on every database alike.

A group whose name differs from an older one's only in case keeps it without a key (core/folding.py). Works in batches
and holds no lock for long; what broke off is done again.
"""

from typing import ClassVar

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from core.db.migrations import AddIndexWithoutLock, AddTrigramIndex, AddUniqueWithoutLock, fold_rows_of

MODELS = ("Customer", "CustomerGroup", "Address", "Assignment", "LoyaltyEntry", "WishlistItem", "Review")
# Each with the name of the index of its rows that the relay has to fold.
LACKING = {
    "customer": "customer_not_folded",
    "address": "address_not_folded",
    "assignment": "assignment_not_folded",
    "loyaltyentry": "loyalty_not_folded",
    "wishlistitem": "wishlist_not_folded",
    "review": "review_not_folded",
}


def drop_old(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The index of what was searched so far: keeping two would cost every new customer."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX CONCURRENTLY IF EXISTS customer_search_trgm")


def create_old(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS customer_search_trgm ON customers_customer "
            "USING gin (search_text gin_trgm_ops)"
        )


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("customers", "0020_folded")]
    operations: ClassVar[list[object]] = [
        fold_rows_of("customers", *MODELS),
        AddTrigramIndex("customers_customer", "customer_folded_trgm", "folded"),
        *(
            AddIndexWithoutLock(model, models.Index(fields=["id"], condition=models.Q(folded=None), name=name))
            for model, name in LACKING.items()
        ),
        AddUniqueWithoutLock(
            "customergroup",
            models.UniqueConstraint(
                fields=["name_key"], condition=models.Q(name_key__isnull=False), name="customer_group_name_once"
            ),
        ),
        migrations.RemoveConstraint("customergroup", "customer_group_name_any_case"),
        migrations.RunPython(drop_old, create_old),
    ]
