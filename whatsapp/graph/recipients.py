"""Finds the address a message is sent to (docs/whatsapp.md, "Identities")."""

from datetime import datetime

from django.utils import timezone

from core.phones import variants
from messaging.channels import Rejected, window_expires_at
from messaging.models import Conversation, Message
from whatsapp.business_numbers import TRANSPORT
from whatsapp.identities import addresses_of
from whatsapp.models import Identity

Address = dict[str, str | None]


def recipient_of(message: Message) -> Address:
    """Return `to` or `recipient`: the chosen contact, else whoever wrote last, else the customer's phone.

    Within the service window, what is written freely answers whoever wrote last. Everything else goes to the phone, if
    staff entered or confirmed it after the last message came in, and otherwise to the newest identity. A phone that is
    neither proved nor vouched for is not written to. A business-scoped id goes into `recipient`: with one in `to`, Meta
    answers 200 and drops the message. Raises Rejected if there is no address.
    """
    if message.to_number:
        return {"to": message.to_number.removeprefix("+"), "recipient": None}
    identities = list(addresses_of(message.customer_id, message.business_number_id).newest_first())
    chats = Conversation.objects.filter(customer=message.customer_id).values_list("last_address", "last_inbound_at")
    address, wrote_at = chats.first() or (None, None)
    last = [
        one for one in identities if address is not None and address in (one.wa_id, one.user_id, one.parent_user_id)
    ]
    phone = message.customer.phone if message.customer.phone_trusted else None
    if phone is not None and not (last and _is_answer(message, wrote_at)) and _vouched_since(message, wrote_at):
        return _to_phone(phone, identities)
    for identity in [*last, *identities]:
        if identity.wa_id:
            return {"to": identity.wa_id, "recipient": None}
        if identity.user_id or identity.parent_user_id:
            return {"to": None, "recipient": identity.user_id or identity.parent_user_id}
    if phone is not None:
        return {"to": phone.removeprefix("+"), "recipient": None}
    raise Rejected(
        "no_address", "The customer has no WhatsApp address", "Add a phone number, or wait until they write."
    )


def _is_answer(message: Message, wrote_at: datetime | None) -> bool:
    """Whether the message is written freely within the service window: then it answers whoever opened it."""
    expires_at = window_expires_at(TRANSPORT, wrote_at)
    return message.type != "template" and expires_at is not None and expires_at > timezone.now()


def _vouched_since(message: Message, wrote_at: datetime | None) -> bool:
    """Whether staff entered or confirmed the customer's phone after the last message came in."""
    vouched_at = message.customer.phone_vouched_at
    return vouched_at is not None and (wrote_at is None or vouched_at > wrote_at)


def _to_phone(phone: str, identities: list[Identity]) -> Address:
    """The phone as WhatsApp spells it, if they wrote from it before."""
    spellings = [spelling.removeprefix("+") for spelling in variants(phone)]
    written = [identity.wa_id for identity in identities if identity.wa_id in spellings]
    return {"to": written[0] if written else spellings[0], "recipient": None}
