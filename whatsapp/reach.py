"""What WhatsApp knows of whether a customer can be written to, for many customers at once."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Coalesce

from messaging.channels import Reach
from whatsapp.access_tokens import can_access
from whatsapp.identities import addresses_of
from whatsapp.marketing import who_stopped


def reach_columns() -> dict[str, Any]:
    """Expressions on customers that `reach_of` reads. Without a chat, an address on any of our numbers counts."""
    number = Coalesce(OuterRef("conversation__business_number"), F("business_number"))
    known = addresses_of(OuterRef("pk"), number)
    return {
        "whatsapp_address": Exists(known),
        "whatsapp_stopped": Exists(who_stopped(known)),
        "whatsapp_token": F("conversation__business_number__access__encrypted_token"),
    }


def reach_of(row: Mapping[str, Any]) -> Reach:
    """See messaging.channels.Channel."""
    number = row["number_external_id"]
    return Reach(
        number_sends=number is None or can_access(number, row["whatsapp_token"] or ""),
        has_address=bool(row["whatsapp_address"] or (row["phone"] and row["phone_trusted"])),
        stopped_marketing=bool(row["whatsapp_stopped"]),
    )
