"""A phone is unique among those that are trusted. On PostgreSQL the indexes are built while everybody goes on writing."""

from typing import ClassVar

from django.db import migrations, models

from core.db.migrations import AddIndexWithoutLock, AddUniqueWithoutLock


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("customers", "0007_trusted_phones_and_merges")]
    operations: ClassVar[list[object]] = [
        AddUniqueWithoutLock(
            "customer",
            models.UniqueConstraint(
                fields=["phone"], condition=models.Q(phone_trusted=True), name="customer_phone_once"
            ),
        ),
        AddIndexWithoutLock(
            "customer",
            models.Index(fields=["merged_into"], condition=models.Q(merged_into__isnull=False), name="customer_merged"),
        ),
        migrations.AlterField("customer", "phone", models.CharField(blank=True, max_length=16, null=True)),
    ]
