"""What the actions share."""

from typing import Any

from core.times import iso
from messaging.models import Message


def status_data(message: Message) -> dict[str, Any]:
    """The data of a `message_status` event: what a tick needs."""
    return {
        "id": message.pk,
        "status": str(message.status),
        "error": message.error,
        "wamid": message.wamid,
        "sent_at": iso(message.sent_at),
        "delivered_at": iso(message.delivered_at),
        "read_at": iso(message.read_at),
    }
