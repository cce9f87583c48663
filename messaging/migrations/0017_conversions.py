"""Files that are converted before they are sent, and messages that are taken back."""

from typing import ClassVar

from django.db import migrations, models

import core.files.names

_STATES = [("pending", "Pending"), ("converting", "Converting"), ("ready", "Ready"), ("failed", "Failed")]
_STATUSES = [
    ("queued", "Queued"),
    ("cancelled", "Cancelled"),
    ("sending", "Sending"),
    ("uncertain", "Uncertain"),
    ("sent", "Sent"),
    ("failed", "Failed"),
    ("delivered", "Delivered"),
    ("read", "Read"),
    ("played", "Played"),
    ("received", "Received"),
]


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("messaging", "0016_number_health")]
    operations: ClassVar[list[object]] = [
        migrations.AlterField("message", "status", models.CharField(choices=_STATUSES, max_length=10)),
        migrations.AlterField(
            "attachment", "state", models.CharField(choices=_STATES, default="pending", max_length=10)
        ),
        migrations.AddField(
            "attachment",
            "original",
            models.FileField(
                blank=True,
                db_default="",
                default="",
                max_length=255,
                upload_to=core.files.names.StoredUnder("originals"),
            ),
        ),
        migrations.AddField(
            "attachment",
            "original_name",
            models.CharField(blank=True, db_default="", default="", max_length=255),
        ),
        migrations.AddField("attachment", "prepared", models.BooleanField(db_default=True, default=True)),
    ]
