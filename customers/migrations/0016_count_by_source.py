"""The index of an owner's customers knows their sources, which tags are counted by. Nobody waits for it to be built."""

from typing import ClassVar

from django.db import migrations, models

from core.db.migrations import AddIndexWithoutLock, RemoveIndexWithoutLock


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("customers", "0015_address_company")]
    operations: ClassVar[list[object]] = [
        AddIndexWithoutLock(
            "customer",
            models.Index(
                fields=["owner", "-desk_at", "-id"],
                include=["source"],
                condition=models.Q(merged_into__isnull=True),
                name="customer_of_owner",
            ),
        ),
        RemoveIndexWithoutLock("customer", "customer_by_owner_desk"),
    ]
