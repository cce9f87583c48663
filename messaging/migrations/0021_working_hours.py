"""Working hours, and what was told because of them."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("messaging", "0020_message_shown")]
    operations: ClassVar[list[object]] = [
        migrations.AddField("conversation", "away_told_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("conversation", "overdue_since", models.DateTimeField(blank=True, null=True)),
        migrations.CreateModel(
            "WorkingHours",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("time_zone", models.CharField(max_length=64)),
                ("week", models.JSONField(blank=True, default=dict)),
                ("holidays", models.JSONField(blank=True, default=list)),
                ("away_message", models.TextField(blank=True)),
                (
                    "business_number",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="working_hours",
                        to="messaging.businessnumber",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "working hours",
                "constraints": [
                    models.UniqueConstraint(
                        models.Value(1), condition=Q(business_number__isnull=True), name="working_hours_of_all_once"
                    )
                ],
            },
        ),
    ]
