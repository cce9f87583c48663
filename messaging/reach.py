"""Whether a customer can be written to now. Rows of the desk say so, and sending refuses by the same code."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Annotated, Any, TypedDict

from django.conf import settings

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
    """What `reach_of` reads of the rows of customers that only their channels know: for `.values()`."""
    return _columns_of(tuple(settings.CHANNELS.items()))


@cache
def _columns_of(installed: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    return {name: column for channel in channels().values() for name, column in channel.reach_columns().items()}


def reach_of(row: Mapping[str, Any], now: datetime) -> tuple[CanSend, Marketing]:
    """Whether text and templates can be sent to the customer of a desk row, and what they said of marketing messages.

    A paused number queues, and who stopped marketing messages gets other templates: these reasons only warn.
    """
    transport = row["transport"] or home_channel_name()
    reach = _reach(transport, row)
    said = reach if transport == Source.WHATSAPP.value else _reach(Source.WHATSAPP.value, row)
    return _can_send(row, transport, reach, now), marketing_data(said.accepts_marketing, said.marketing_since)


def _reach(transport: str, row: Mapping[str, Any]) -> Reach:
    channel = channels().get(transport)
    return _NOBODY if channel is None else channel.reach(row)


def _can_send(row: Mapping[str, Any], transport: str, reach: Reach, now: datetime) -> CanSend:
    if row["blocked_at"] is not None:
        return _said(False, False, "blocked")
    if not reach.number_sends:
        return _said(False, False, "number_paused")
    if not reach.has_address:
        return _said(False, False, "no_address")
    if window_closed(transport, row["last_inbound_at"], now):
        return _said(False, True, "outside_service_window")
    if reach.accepts_marketing is False:
        return _said(True, True, "opted_out")
    paused = pause_of(row["pause_kind"] or "", row["paused_until"], "", now) is not None
    return _said(True, True, "number_paused" if paused else None)


def _said(text: bool, template: bool, reason: str | None) -> CanSend:
    return {"text": text, "template": template, "reason": reason}
