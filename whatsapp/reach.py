"""What WhatsApp knows of whether a customer can be written to, for many customers at once."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from customers.models import Customer
from messaging.channels import Reach
from whatsapp.access_tokens import can_access
from whatsapp.identities import addresses_of
from whatsapp.marketing import who_stopped
from whatsapp.models import IdentityQuerySet


def _number() -> Coalesce:
    """The number of the chat, or any one."""
    return Coalesce(OuterRef("conversation__business_number"), F("business_number"))


def reach_columns() -> dict[str, Any]:
    """Expressions on customers that `reach_of` reads. Without a chat, an address on any of our numbers counts."""
    known = addresses_of(OuterRef("pk"), _number())
    return {
        "whatsapp_address": Exists(known),
        **_said_of_marketing(known),
        "whatsapp_token": F("conversation__business_number__access__encrypted_token"),
    }


def _said_of_marketing(known: IdentityQuerySet) -> dict[str, Any]:
    """Who stopped them under one of their identities stopped them, whatever they said under another."""
    stopped = who_stopped(known).order_by("-marketing_stopped_at").values("marketing_stopped_at")
    said = known.filter(preference_at__isnull=False).order_by("-preference_at").values("preference_at")
    return {"whatsapp_stopped_at": Subquery(stopped[:1]), "whatsapp_said_at": Subquery(said[:1])}


def _accepts(row: Mapping[str, Any]) -> tuple[bool, datetime] | tuple[None, None]:
    if row["whatsapp_stopped_at"] is not None:
        return False, row["whatsapp_stopped_at"]
    return (None, None) if row["whatsapp_said_at"] is None else (True, row["whatsapp_said_at"])


def marketing_of(customer_ids: Collection[int]) -> dict[int, tuple[bool, datetime]]:
    """See messaging.channels.Channel."""
    known = addresses_of(OuterRef("pk"), _number())
    rows = Customer.objects.filter(pk__in=customer_ids).order_by().values("pk", **_said_of_marketing(known))
    return {row["pk"]: found for row in rows if (found := _accepts(row))[0] is not None}


def reach_of(row: Mapping[str, Any]) -> Reach:
    """See messaging.channels.Channel."""
    number = row["number_external_id"]
    accepts, since = _accepts(row)
    return Reach(
        number_sends=number is None or can_access(number, row["whatsapp_token"] or ""),
        has_address=bool(row["whatsapp_address"] or (row["phone"] and row["phone_trusted"])),
        accepts_marketing=accepts,
        marketing_since=since,
    )
