"""An index for the list of messages that were delivered and not read. Nobody waits for it."""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import F, Q

from core.db.migrations import AddIndexWithoutLock


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("messaging", "0033_counted")]
    operations: ClassVar[list[object]] = [
        AddIndexWithoutLock(
            "message",
            models.Index(
                F("ordered_at").desc(), F("id").desc(), condition=Q(status="delivered"), name="message_delivered"
            ),
        ),
    ]
