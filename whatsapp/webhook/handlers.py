"""What each element of a webhook does. Each runs in a transaction of its own, and running it twice does no harm."""

from collections.abc import Callable
from typing import Any

from customers.actions.locking import lock
from customers.actions.referrals import note_referral
from customers.models import Customer
from messaging.actions.calls import receive_call
from messaging.actions.history import fill_history
from messaging.actions.message_changes import UnknownMessage, change_reaction, edit_message, revoke_message
from messaging.actions.reactions import BUSINESS
from messaging.actions.receiving import receive_echo, receive_message, receive_notice
from messaging.actions.statuses import apply_status
from messaging.models import BusinessNumber, Message
from whatsapp.address_changes import move_address
from whatsapp.blocking import ask_meta
from whatsapp.calls import rang_at
from whatsapp.graph.consequences import after_failure
from whatsapp.identities import address_of, learn_address
from whatsapp.lookup import customer_id_of, customer_id_of_any
from whatsapp.marketing import STOPPED_MARKETING, note_preference
from whatsapp.payload.calls import rang_for
from whatsapp.payload.elements import (
    AddressChange,
    Call,
    ContactSync,
    Echo,
    Edit,
    IncomingMessage,
    InGroup,
    Notice,
    NumberElement,
    PastMessages,
    Preference,
    Reaction,
    Revoke,
    Ringing,
    StatusReport,
    people_in,
)
from whatsapp.profiles import fill_profile
from whatsapp.senders import sender_of
from whatsapp.shared_phones import lock_for_sharing, prove_shared_phone
from whatsapp.webhook.claimed import Closing


def handle(element: NumberElement, number: BusinessNumber, closing: Closing) -> int | None:
    """Apply one element; return the id of the customer it is about, if that is known."""
    # The only kind that is busy enough to write it all together.
    if isinstance(element, IncomingMessage):
        return _message(element, number, closing)
    return _HANDLERS[type(element)](element, number)


def customer_behind(element: NumberElement, number: BusinessNumber) -> int | None:
    """The id of the customer an element is about that could not be handled, if that is known."""
    people = people_in(element)
    return customer_id_of_any(people, number) if people else None


def _message(said: IncomingMessage, number: BusinessNumber, closing: Closing) -> int:
    if said.shared_phone is not None:
        lock_for_sharing(said.sender, said.shared_phone, number)
    sender = sender_of(said.sender, number, wrote_at=said.inbound.at)
    customer = sender.customer
    also = closing.writes(customer.pk)
    new = receive_message(customer=customer, number=number, inbound=said.inbound, handled_by=said.handled_by, also=also)
    closing.written = new is not None
    if new is not None and customer.blocked_at is not None:
        ask_meta([customer.pk])  # they wrote from an address that Meta does not block yet
    if new is not None and said.referral is not None:
        note_referral(customer=customer, referral=said.referral, at=said.inbound.at)
    customer_id = sender.routed()
    if new is not None and said.shared_phone is not None:
        return prove_shared_phone(customer_id, said.sender, said.shared_phone, number, at=said.inbound.at)
    return customer_id


def _ringing(said: Ringing, number: BusinessNumber) -> int:
    # Nothing is shown until the call is over. The webhook is linked to who calls, and found then.
    return sender_of(said.caller, number, wrote_at=said.at).routed()


def _call(said: Call, number: BusinessNumber) -> int:
    caller = sender_of(said.caller, number, wrote_at=said.inbound.at)
    began = None if said.answered else rang_at(int(caller.customer.pk), said.inbound.wamid)
    inbound = rang_for(said.inbound, began) if began is not None else said.inbound
    receive_call(customer=caller.customer, number=number, inbound=inbound, answered=said.answered)
    return caller.routed()


def _echo(said: Echo, number: BusinessNumber) -> int:
    recipient = sender_of(said.recipient, number)
    recipient.routed()  # first: an answer counts for whom they belong to
    receive_echo(customer=recipient.customer, number=number, inbound=said.inbound, handled_by=said.handled_by)
    return int(recipient.customer.pk)


def _past(said: PastMessages, number: BusinessNumber) -> int:
    customer = _customer_of_past(said, number)
    fill_history(customer=customer, number=number, messages=said.messages, reactions=said.reactions)
    return int(customer.pk)


def _customer_of_past(said: PastMessages, number: BusinessNumber) -> Customer:
    """Whose chat it is. Who is new gets an owner when they write."""
    if said.person is None:
        wamid = said.messages[0].inbound.wamid
        known = Message.objects.filter(business_number=number, wamid=wamid).values_list("customer", flat=True).first()
        if known is None:
            raise UnknownMessage(wamid)
        return lock(known)
    written = (one.inbound.at for one in said.messages if one.direction == "inbound")
    return sender_of(said.person, number, wrote_at=max(written, default=None)).customer


def _reaction(said: Reaction, number: BusinessNumber) -> int:
    by = address_of(said.by, number) if said.by is not None else BUSINESS
    return change_reaction(number=number, wamid=said.target, by=by, emoji=said.emoji, at=said.at)


def _edit(said: Edit, number: BusinessNumber) -> int:
    return edit_message(number=number, wamid=said.target, edit_wamid=said.wamid, text=said.text, at=said.at)


def _revoke(said: Revoke, number: BusinessNumber) -> int:
    return revoke_message(number=number, wamid=said.target, at=said.at)


def _notice(said: Notice, number: BusinessNumber) -> int | None:
    # People may have written long before Patter was installed: a notice about a stranger makes no customer.
    customer_id = _address_change(said, number)
    if customer_id is not None:
        receive_notice(customer=lock(customer_id), number=number, inbound=said.inbound)
    return customer_id


def _address_change(said: Notice | AddressChange, number: BusinessNumber) -> int | None:
    customer_id = customer_id_of_any([*said.old, *([said.new] if said.new is not None else [])], number)
    if customer_id is not None and said.new is not None:
        move_address(customer_id, said.old, said.new, number)
    return customer_id


def _contact_sync(said: ContactSync, number: BusinessNumber) -> int | None:
    customer_id = customer_id_of(said.contact, number)
    if customer_id is not None:
        fill_profile(customer_id, said.contact)
    return customer_id


def _in_group(said: InGroup, number: BusinessNumber) -> int | None:
    # Only for the link to the body: what is said in a group belongs into no chat.
    return customer_id_of(said.person, number) if said.person is not None else None


def _preference(said: Preference, number: BusinessNumber) -> int | None:
    note_preference(sender=said.sender, number=number, accepts=said.accepts, at=said.at)
    return customer_id_of(said.sender, number)


def _status(said: StatusReport, number: BusinessNumber) -> int | None:
    customer_id, news = apply_status(
        number=number,
        wamid=said.wamid,
        status=said.status,
        at=said.at,
        message_key=said.message_key,
        error=said.error,
        pricing=said.pricing,
    )
    # A failure that is repeated or replayed must not undo what happened since: the template may be approved again, the
    # file uploaded again.
    if news and said.error is not None:
        after_failure(said, number)
    if said.recipient is None:
        return customer_id
    # With the phone alone nothing is to be learned.
    more = said.recipient.user_id or said.recipient.parent_user_id or said.recipient.username
    if customer_id is not None and news and more and _reached_the_customer(said, number):
        learned = learn_address(customer_id, said.recipient, number)
        if learned.keys() & {"username", "profile_name"}:
            fill_profile(customer_id, said.recipient)
    if said.error is not None and said.error["code"] == STOPPED_MARKETING:
        note_preference(sender=said.recipient, number=number, accepts=False, at=said.at)
    return customer_id or customer_id_of(said.recipient, number)


def _reached_the_customer(said: StatusReport, number: BusinessNumber) -> bool:
    """Whether the message went to the customer and not to one of their contacts."""
    return Message.objects.filter(business_number=number, wamid=said.wamid, to_number=None).exists()


_HANDLERS: dict[type[NumberElement], Callable[[Any, BusinessNumber], int | None]] = {
    Ringing: _ringing,
    Call: _call,
    Echo: _echo,
    PastMessages: _past,
    Reaction: _reaction,
    Edit: _edit,
    Revoke: _revoke,
    Notice: _notice,
    AddressChange: _address_change,
    ContactSync: _contact_sync,
    InGroup: _in_group,
    Preference: _preference,
    StatusReport: _status,
}
