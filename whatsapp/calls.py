"""How long a call rang, as the webhooks about it say."""

from datetime import datetime, timedelta

from django.utils import timezone

from whatsapp.models import WebhookEvent
from whatsapp.payload.elements import Ringing
from whatsapp.payload.envelope import Malformed, parse

# A call rings for a minute at most; the webhook about it may be late.
_RANG_WITHIN = timedelta(minutes=30)
# Among how many of the newest webhooks about the customer the one about the ringing is looked for.
_LOOKED_THROUGH = 10


def rang_at(customer_id: int, call_id: str) -> datetime | None:
    """When a call of a customer began to ring; None if the webhook that says so is not here."""
    recent = WebhookEvent.objects.filter(customers=customer_id, received_at__gt=timezone.now() - _RANG_WITHIN)
    for body, received_at in recent.order_by("-pk").values_list("body", "received_at")[:_LOOKED_THROUGH]:
        if call_id.encode() not in bytes(body):
            continue
        try:
            elements = parse(bytes(body), received_at)
        except Malformed:
            continue
        for element in elements:
            if isinstance(element, Ringing) and element.call_id == call_id:
                return element.at
    return None
