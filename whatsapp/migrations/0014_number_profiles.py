"""The profile of business numbers, and what an admin wants changed in it."""

from typing import ClassVar

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [
        ("messaging", "0018_conversion_indexes"),
        ("whatsapp", "0013_blocks"),
    ]
    operations: ClassVar[list[object]] = [
        migrations.CreateModel(
            "NumberProfile",
            [
                ("attempts", models.PositiveIntegerField(default=0)),
                ("not_before", models.DateTimeField(default=django.utils.timezone.now)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("claim_token", models.UUIDField(blank=True, null=True)),
                (
                    "number",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="profile",
                        serialize=False,
                        to="messaging.businessnumber",
                    ),
                ),
                ("due", models.BooleanField(default=True)),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("profile", models.JSONField(blank=True, default=dict)),
                ("wanted", models.JSONField(blank=True, default=dict)),
                ("picture", models.BinaryField(null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("error", models.TextField(blank=True)),
            ],
            options={"abstract": False},
        ),
    ]
