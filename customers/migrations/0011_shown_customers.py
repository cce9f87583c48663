"""An index of the customers that there are, without the rows that were merged into others: it counts the list."""

from typing import ClassVar

from django.db import migrations, models

from core.db.migrations import AddIndexWithoutLock


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("customers", "0010_find_untrusted_phones")]
    operations: ClassVar[list[object]] = [
        AddIndexWithoutLock(
            "customer",
            models.Index(fields=["id"], condition=models.Q(merged_into__isnull=True), name="customer_shown"),
        ),
    ]
