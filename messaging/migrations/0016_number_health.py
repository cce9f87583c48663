"""What a provider says about a number, and the reasons for which one sends nothing."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


def _text(length: int) -> models.CharField:  # type: ignore[type-arg]  # generic in the stubs only
    return models.CharField(blank=True, db_default="", default="", max_length=length)


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("messaging", "0015_who_waits")]
    operations: ClassVar[list[object]] = [
        migrations.AddField("businessnumber", "name", _text(150)),
        migrations.AddField("businessnumber", "quality", _text(20)),
        migrations.AddField("businessnumber", "health", models.JSONField(blank=True, null=True)),
        migrations.CreateModel(
            "NumberHold",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "number",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="holds",
                        to="messaging.businessnumber",
                    ),
                ),
                ("source", models.CharField(max_length=80)),
                ("reason", models.TextField(blank=True)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("lifted_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("number", "source"), name="number_hold_once"),
                ],
            },
        ),
    ]
