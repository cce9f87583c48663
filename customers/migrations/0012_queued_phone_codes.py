"""Codes are queued, and the relay sends them. Codes from before were sent while they were asked for."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0011_shown_customers"),
    ]

    operations = [
        migrations.AddField(
            model_name="phonecode",
            name="attempts",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="phonecode",
            name="claim_token",
            field=models.UUIDField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="phonecode",
            name="error",
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name="phonecode",
            name="lease_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="phonecode",
            name="not_before",
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name="phonecode",
            name="sealed",
            field=models.TextField(blank=True, editable=False),
        ),
        migrations.AddField(
            model_name="phonecode",
            name="state",
            field=models.CharField(
                choices=[
                    ("queued", "Queued"),
                    ("sending", "Sending"),
                    ("sent", "Sent"),
                    ("failed", "Failed"),
                    ("uncertain", "Uncertain"),
                ],
                default="sent",
                max_length=9,
            ),
        ),
        migrations.AddIndex(
            model_name="phonecode",
            index=models.Index(
                condition=models.Q(("state__in", ("queued", "sending"))),
                fields=["not_before"],
                name="phone_code_unsent",
            ),
        ),
    ]
