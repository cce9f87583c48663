"""Indexes for files to prepare, their originals, what the provider keeps, and cancelled messages. Nobody waits for
them.
"""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import F, Q

from core.db.migrations import AddIndexWithoutLock


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("messaging", "0017_conversions")]
    operations: ClassVar[list[object]] = [
        AddIndexWithoutLock(
            "attachment",
            models.Index(fields=["not_before", "id"], condition=Q(prepared=False), name="attachment_to_prepare"),
        ),
        AddIndexWithoutLock(
            "attachment",
            models.Index(fields=["original"], condition=Q(original__gt=""), name="attachment_original"),
        ),
        AddIndexWithoutLock(
            "attachment",
            models.Index(fields=["sha256"], condition=Q(provider_id__gt=""), name="attachment_uploaded"),
        ),
        AddIndexWithoutLock(
            "message",
            models.Index(
                F("ordered_at").desc(), F("id").desc(), condition=Q(status="cancelled"), name="message_cancelled"
            ),
        ),
    ]
