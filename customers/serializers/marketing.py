"""Whether customers want marketing messages, as they said it on WhatsApp."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, TypedDict

from core.ports import mapped_ports
from core.shapes import Time
from core.timestamps import iso
from customers.models import Source


class Marketing(TypedDict):
    """What a customer said of marketing messages: on WhatsApp, where templates of the category MARKETING are such."""

    whatsapp: Annotated[bool | None, "false: they stopped them; true: they resumed them; null: they never said"]
    since: Annotated[Time | None, "when they said so"]


def marketing_data(accepts: bool | None, since: datetime | None) -> Marketing:
    """What a customer said, as JSON values."""
    return {"whatsapp": accepts, "since": iso(since)}


NOT_SAID = marketing_data(None, None)


def marketing_of(customer_ids: Collection[int]) -> dict[int, Marketing]:
    """What these customers said, by id; WhatsApp knows it (setting CHANNELS). Takes one query."""
    channel = mapped_ports("CHANNELS").get(Source.WHATSAPP.value)
    said = channel.marketing_of(customer_ids) if channel is not None and customer_ids else {}
    return {pk: marketing_data(*said.get(pk, (None, None))) for pk in customer_ids}
