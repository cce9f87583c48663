"""Columns for chats that wait, are snoozed or closed, and for messages that Patter sends by itself."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[object]] = [
        ("customers", "0018_count_in_base_currency"),
        ("messaging", "0013_held_messages"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar[list[object]] = [
        migrations.AddField(
            "conversation",
            "state",
            models.CharField(
                choices=[("open", "Open"), ("snoozed", "Snoozed"), ("closed", "Closed")],
                db_default="open",
                default="open",
                max_length=7,
            ),
        ),
        migrations.AddField("conversation", "snoozed_until", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("conversation", "waiting_since", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("conversation", "reopened_by", models.BigIntegerField(blank=True, null=True)),
        migrations.AddField("message", "automatic", models.BooleanField(db_default=False, default=False)),
        migrations.CreateModel(
            "Closing",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="closings",
                        to="customers.customer",
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["customer", "at"], name="closing_of_customer")]},
        ),
    ]
