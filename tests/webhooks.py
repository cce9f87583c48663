"""Webhook payloads about the tests' number, and the relay's share of handling them."""

import json
import time
from pathlib import Path
from typing import Any

from whatsapp.models import WebhookEvent, WebhookState
from whatsapp.sandbox import webhook_bodies
from whatsapp.sandbox.webhook_bodies import envelope, message_item
from whatsapp.webhook.queue import WebhookQueue

PAYLOADS = Path(__file__).parent / "whatsapp" / "payloads"
PHONE_NUMBER_ID = "106540352242922"


def payload(name: str) -> dict[str, Any]:
    """A payload of Meta's, from payloads/."""
    found: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return found


def change(**value: Any) -> dict[str, Any]:
    """One change about our number, holding messages, contacts or statuses."""
    return webhook_bodies.change(PHONE_NUMBER_ID, "15550783881", **value)


def text(wamid: str, body: str = "Hello", wa_id: str = "94771234567", at: int = 1763700000) -> dict[str, Any]:
    """An item of `messages`: a text."""
    return message_item(wa_id, wamid, body, at=at)


def says(*messages: dict[str, Any], **value: Any) -> dict[str, Any]:
    """A payload with these messages."""
    return envelope(change(messages=list(messages), **value))


def status(wamid: str, status: str, at: int = 1763700100, **more: Any) -> dict[str, Any]:
    """An item of `statuses`."""
    return webhook_bodies.status_item(wamid, status, at=at, **{"recipient_id": "94771234567", **more})


def drain() -> int:
    """Do what the relay would; return how many jobs that were."""
    source, count = WebhookQueue(), 0
    while jobs := source.claim(1):
        for job in jobs:
            source.run(job)
            count += 1
    return count


def settle(seconds: float = 20.0) -> None:
    """Have every webhook handled, also those that a busy machine left to the relay or made fail once."""
    deadline = time.monotonic() + seconds
    while WebhookEvent.objects.exclude(state=WebhookState.DONE).exists() and time.monotonic() < deadline:
        if not drain():
            time.sleep(0.05)
