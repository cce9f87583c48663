"""Indexes for the lists of messages of one type or status, and for the search. Nobody waits for them."""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import F, Q

from core.db.migrations import AddIndexWithoutLock, AddTrigramIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [
        ("messaging", "0010_told_of_pauses"),
        ("customers", "0002_search_index"),  # it creates pg_trgm
    ]
    operations: ClassVar[list[object]] = [
        AddIndexWithoutLock(
            "message",
            models.Index(
                F("type"), F("ordered_at").desc(), F("id").desc(), condition=~Q(type="text"), name="message_of_type"
            ),
        ),
        AddIndexWithoutLock(
            "message",
            models.Index(
                F("status"),
                F("ordered_at").desc(),
                F("id").desc(),
                condition=Q(status__in=("uncertain", "sent", "failed", "played", "received")),
                name="message_of_status",
            ),
        ),
        AddTrigramIndex("messaging_message", "message_search_trgm", 'UPPER("text")'),
    ]
