"""Indexes by which chats are filtered and counted without the table. Nobody waits for them.

They take the place of two that know nothing of the owner.
"""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import Q

from core.db.migrations import AddIndexWithoutLock, RemoveIndexWithoutLock


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("messaging", "0035_delivered")]
    operations: ClassVar[list[object]] = [
        AddIndexWithoutLock(
            "conversation",
            models.Index(
                fields=["unread_count", "customer"],
                include=["owner", "merged_into", "state"],
                condition=Q(unread_count__gt=0),
                name="conversation_by_unread",
            ),
        ),
        RemoveIndexWithoutLock("conversation", "conversation_unread"),
        AddIndexWithoutLock(
            "conversation",
            models.Index(
                fields=["last_inbound_at", "customer"],
                include=["owner", "merged_into", "state", "business_number"],
                condition=Q(last_inbound_at__isnull=False),
                name="conversation_by_written",
            ),
        ),
        RemoveIndexWithoutLock("conversation", "conversation_written"),
    ]
