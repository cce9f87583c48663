"""Indexes for the filters of addresses, and for the addresses and assignments of a salesperson's customers.

Those replace what found the rows of one customer. Nobody waits for them.
"""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import CASCADE, ForeignKey

from core.db.migrations import AddIndexWithoutLock, AddTrigramIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("customers", "0025_fold_left_letters")]
    operations: ClassVar[list[object]] = [
        *(
            AddIndexWithoutLock("address", index)
            for index in (
                models.Index(fields=["country_folded", "created_at", "id"], name="address_by_country"),
                models.Index(fields=["state_folded", "created_at", "id"], name="address_by_state"),
                models.Index(
                    fields=["customer", "created_at", "id"],
                    include=["address_type", "is_default", "country_folded", "state_folded", "city_folded"],
                    name="address_of_customer",
                ),
            )
        ),
        AddTrigramIndex("customers_address", "address_city_trgm", "city_folded"),
        AddIndexWithoutLock(
            "assignment",
            models.Index(
                fields=["customer", "-assigned_at", "-id"],
                include=["salesperson", "ended_at"],
                name="assignment_of_customer",
            ),
        ),
        *(
            migrations.AlterField(
                model,
                "customer",
                ForeignKey("customers.customer", on_delete=CASCADE, related_name=related, db_index=False),
            )
            for model, related in (("address", "addresses"), ("assignment", "assignments"))
        ),
    ]
