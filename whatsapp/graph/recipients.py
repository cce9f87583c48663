"""Finds the address a message is sent to (docs/whatsapp.md, "Identities")."""

from messaging.channels import Rejected
from messaging.models import Conversation, Message
from whatsapp.models import Identity


def recipient_of(message: Message) -> dict[str, str | None]:
    """Return `to` or `recipient`: the chosen contact, else the address that wrote last, else the customer's phone.

    A business-scoped id goes into `recipient`: with one in `to`, Meta answers 200 and drops the message.
    Raises Rejected if there is no address.
    """
    if message.to_number:
        return {"to": message.to_number.removeprefix("+"), "recipient": None}
    identity = _last_to_write(message)
    if identity is not None and identity.wa_id:
        return {"to": identity.wa_id, "recipient": None}
    if identity is not None and identity.user_id:
        return {"to": None, "recipient": identity.user_id}
    if message.customer.phone:
        return {"to": message.customer.phone.removeprefix("+"), "recipient": None}
    raise Rejected(
        "no_address", "The customer has no WhatsApp address", "Add a phone number, or wait until they write."
    )


def _last_to_write(message: Message) -> Identity | None:
    """The identity that wrote last. A customer's contacts may write, too, and the answer belongs to whoever asked.

    If they last wrote to another of our numbers, their identity on the message's number is used.
    """
    known = Identity.objects.filter(customer=message.customer_id, business_number=message.business_number_id)
    identities = list(known.order_by("-pk"))
    last = Conversation.objects.filter(customer=message.customer_id).values_list("last_address", flat=True).first()
    wrote = [identity for identity in identities if last is not None and last in (identity.wa_id, identity.user_id)]
    return next(iter(wrote or identities), None)
