"""Indexes for the orderings of the lists of assignments and addresses. Nobody waits for them."""

from typing import ClassVar

from django.db import migrations, models

from core.db.migrations import AddIndexWithoutLock


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("customers", "0013_list_indexes")]
    operations: ClassVar[list[object]] = [
        AddIndexWithoutLock("assignment", models.Index(fields=["-assigned_at", "-id"], name="assignment_by_time")),
        AddIndexWithoutLock("address", models.Index(fields=["created_at", "id"], name="address_by_time")),
        AddIndexWithoutLock("address", models.Index(fields=["is_default", "id"], name="address_by_default")),
    ]
