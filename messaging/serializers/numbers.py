"""Our own numbers, as the desk sees them, and as admins do."""

from datetime import datetime
from typing import Annotated, Any, TypedDict

from django.utils import timezone
from rest_framework import serializers

from core.shapes import Time
from core.timestamps import iso
from messaging.models import BusinessNumber
from messaging.serializers.waiting import pause_of


class BusinessNumberRow(TypedDict):
    """One of our own numbers."""

    id: int
    name: Annotated[str, "the name that customers see, else the number"]
    display_number: Annotated[str, "the phone number as people read it; empty until WhatsApp has said it"]
    channel: Annotated[str, "`whatsapp`"]
    paused: Annotated[bool, "whether it sends nothing at the moment; messages wait"]
    quality: Annotated[str | None, "GREEN, YELLOW or RED, as WhatsApp rates it; null if it has not said"]


def business_number_row(number: BusinessNumber, now: datetime | None = None) -> BusinessNumberRow:
    """A number as a row of `/api/business-numbers/`."""
    pause = pause_of(number.pause_kind, number.paused_until, number.reason, now or timezone.now())
    return {
        "id": number.pk,
        "name": number.name or number.display or number.external_id,
        "display_number": number.display,
        "channel": number.transport,
        "paused": pause is not None,
        "quality": number.quality or None,
    }


def business_number_news(number: BusinessNumber) -> dict[str, Any]:
    """What admins are told when something about a number changes: its row, why it pauses, and its health."""
    now = timezone.now()
    pause = pause_of(number.pause_kind, number.paused_until, number.reason, now)
    return {
        **business_number_row(number, now),
        "reason": pause["title"] if pause is not None else "",
        "until": pause["until"] if pause is not None else None,
        **health_of(number, now),
    }


class Restriction(TypedDict):
    """Something that the provider does not allow at the moment."""

    code: str
    text: str
    until: Time | None


class Health(TypedDict):
    """What the provider says about a number."""

    limit: Annotated[str | None, "how many customers may be written to first in a day: TIER_250, TIER_2K ..."]
    status: str | None
    restrictions: list[Restriction]
    notices: list[dict[str, Any]]


def health_of(number: BusinessNumber, now: datetime) -> Health:
    """What the provider says about a number; restrictions that are over are left out."""
    kept = number.health or {}
    facts = kept.get("facts") or {}
    until = iso(now)
    return {
        "limit": facts.get("limit"),
        "status": facts.get("status"),
        "restrictions": [
            {"code": one["code"], "text": one["text"], "until": one["until"]}
            for one in kept.get("restrictions") or []
            if one["until"] is None or one["until"] > until
        ],
        "notices": [{"at": one["at"], "code": one["code"], "text": one["text"]} for one in kept.get("notices") or []],
    }


class BusinessNumberSerializer(serializers.BaseSerializer[BusinessNumber]):
    """Shows our own numbers."""

    def to_representation(self, number: BusinessNumber) -> BusinessNumberRow:
        return business_number_row(number)
