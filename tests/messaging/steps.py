"""What happens in a chat between two requests of a test."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils import timezone

from messaging.models import Message
from messaging.relay import unwritten
from messaging.relay.unwritten import Unwritten

# Let a customer write: `says(customer, "hello", ago=timedelta(hours=1))`.
Says = Callable[..., int | None]


def make_due(message: Any) -> None:
    """Let the pause before a message's next try be over."""
    Message.objects.filter(pk=message).update(not_before=datetime(2000, 1, 1, tzinfo=timezone.get_current_timezone()))


def store_outcomes() -> None:
    """Let the relay offer the database what it has not taken yet."""
    source = Unwritten()
    for entry in list(unwritten._entries.values()):
        entry.due = 0.0
    for entry in source.claim(100):
        source.run(entry)
