"""Phones that are trusted and those that are only claimed; rows that were merged into others."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("customers", "0006_filter_indexes")]
    operations: ClassVar[list[object]] = [
        migrations.AddField("customer", "phone_trusted", models.BooleanField(default=True)),
        migrations.AddField("customer", "phone_vouched_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "customer",
            "merged_into",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="merged_rows",
                to="customers.customer",
            ),
        ),
    ]
