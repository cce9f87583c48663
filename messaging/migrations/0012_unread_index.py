"""An index of the chats with unread messages, for the desk. Nobody waits for it."""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import Q

from core.db.migrations import AddIndexWithoutLock


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("messaging", "0011_list_indexes")]
    operations: ClassVar[list[object]] = [
        AddIndexWithoutLock(
            "conversation",
            models.Index(
                fields=["unread_count", "customer"], condition=Q(unread_count__gt=0), name="conversation_unread"
            ),
        ),
    ]
