"""Whether a customer can be written to now. Rows of the desk say so, and sending refuses by the same code."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Annotated, Any, TypedDict

from django.conf import settings
from django.utils import timezone

from core.shapes import OneOf
from customers.models import Source
from customers.serializers.marketing import Marketing, marketing_data
from messaging.channels import Reach, channels, window_expires_at
from messaging.models.numbers import home_channel_name
from messaging.serializers.waiting import pause_of

# Why a text, or anything, cannot be sent, or what to know before sending it.
REASONS = ("outside_service_window", "no_address", "blocked", "opted_out", "number_paused")


class CanSend(TypedDict):
    """Whether a customer can be written to now."""

    text: Annotated[bool, "text, files and everything else that is no template"]
    template: bool
    reason: Annotated[str | None, OneOf(REASONS), "why not; or, if both can be sent, what to know before"]


_NOBODY = Reach(number_sends=False, has_address=False)


def window_closed(transport: str, last_inbound_at: datetime | None, now: datetime) -> bool:
    """Whether nothing may be written freely on a channel, by when the customer last wrote.

    `transport` is the name of a channel that is set up.
    """
    if channels()[transport].service_window is None:
        return False
    expires_at = window_expires_at(transport, last_inbound_at)
    return expires_at is None or expires_at <= now


def reach_columns() -> dict[str, Any]:
    """What `can_send` reads of the rows of customers that only their channels know: for `.values()`."""
    return _columns_of(tuple(settings.CHANNELS.items()))


@cache
def _columns_of(installed: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    return {name: column for channel in channels().values() for name, column in channel.reach_columns().items()}


def can_send(row: Mapping[str, Any], now: datetime | None = None) -> CanSend:
    """Whether text and templates can be sent to the customer of a desk row: `{text, template, reason}`.

    A paused number queues, and who stopped marketing messages gets other templates: these reasons only warn.
    """
    now = now or timezone.now()
    transport = row["transport"] or home_channel_name()
    channel = channels().get(transport)
    reach = channel.reach(row) if channel is not None else _NOBODY
    if row["blocked_at"] is not None:
        return _said(False, False, "blocked")
    if channel is None or not reach.number_sends:
        return _said(False, False, "number_paused")
    if not reach.has_address:
        return _said(False, False, "no_address")
    if window_closed(transport, row["last_inbound_at"], now):
        return _said(False, True, "outside_service_window")
    if reach.accepts_marketing is False:
        return _said(True, True, "opted_out")
    paused = pause_of(row["pause_kind"] or "", row["paused_until"], "", now) is not None
    return _said(True, True, "number_paused" if paused else None)


def marketing(row: Mapping[str, Any]) -> Marketing:
    """What the customer of a desk row said of marketing messages."""
    channel = channels().get(Source.WHATSAPP.value)
    reach = channel.reach(row) if channel is not None else _NOBODY
    return marketing_data(reach.accepts_marketing, reach.marketing_since)


def _said(text: bool, template: bool, reason: str | None) -> CanSend:
    return {"text": text, "template": template, "reason": reason}
