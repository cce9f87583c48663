"""Numbers that people share because we asked for them are proved (docs/whatsapp.md, "Asking for the number")."""

from datetime import datetime

from django.db.models import Min

from core.phones import variants
from customers.actions.locking import lock_all
from customers.actions.merge import merge_customers
from customers.models import Customer, MergeReason
from messaging.models import BusinessNumber, Message
from whatsapp.identities import add_identity, identities_of, spellings, take_ids
from whatsapp.lookup import customer_id_of, phone_of
from whatsapp.models import Identity
from whatsapp.payload.elements import Person
from whatsapp.profiles import change_phone, is_contact


def lock_for_sharing(sender: Person, wa_id: str, number: BusinessNumber) -> None:
    """Lock who writes and who has the number they share, in order of id: they may become one customer."""
    found = {customer_id_of(sender, number), _who_has(wa_id, number)}
    lock_all(customer_id for customer_id in found if customer_id is not None)


def prove_shared_phone(customer_id: int, sender: Person, wa_id: str, number: BusinessNumber, *, at: datetime) -> int:
    """Give a customer the phone they shared, and return who they are now.

    If another customer without a login has it, both become one, and the older chat stays. If it belongs to another
    customer with a login, or the sender is one of the customer's contacts, nothing changes. Both customers are locked
    (`lock_for_sharing`).
    """
    customer = Customer.objects.get(pk=customer_id)
    phone = phone_of(Person(wa_id, None))
    if phone is None or is_contact(customer, wa_id) or is_contact(customer, _wrote_from(sender, number)):
        return customer_id
    other_id = _who_has(wa_id, number)
    if other_id is not None and other_id != customer_id:
        other = Customer.objects.get(pk=other_id)
        if other.user_id is not None or (other.phone != phone and is_contact(other, wa_id)):
            return customer_id
        customer = _become_one(customer, other, phone)
    change_phone(customer, phone, verified=True)
    _note(customer, sender, wa_id, number, at)
    return int(customer.pk)


def _who_has(wa_id: str, number: BusinessNumber) -> int | None:
    """Whoever has the number as their phone, or else writes from it."""
    holder = Customer.all_rows.holding_phone(variants(f"+{wa_id}"))
    if holder is not None:
        return holder.pk
    return next(
        (found for one in spellings(f"+{wa_id}") if (found := customer_id_of(Person(one, None), number)) is not None),
        None,
    )


def _wrote_from(sender: Person, number: BusinessNumber) -> str | None:
    known = identities_of(sender, number).exclude(wa_id=None).values_list("wa_id", flat=True).first()
    return sender.wa_id or known


def _become_one(one: Customer, other: Customer, phone: str) -> Customer:
    """Merge two customers who are both reached at a proved phone into the one with the older chat; return that one."""
    chats = Message.objects.filter(customer__in=(one, other)).order_by().values_list("customer")
    since = dict(chats.annotate(Min("created_at")))
    into, gone = sorted((one, other), key=lambda row: (row.pk not in since, since.get(row.pk), row.pk))
    reason = MergeReason.PROVED
    merge_customers(gone_id=gone.pk, into_id=into.pk, actor=None, reason=reason, proved_phone=phone)
    return Customer.objects.get(pk=into.pk)


def _note(customer: Customer, sender: Person, wa_id: str, number: BusinessNumber, at: datetime) -> None:
    """Keep with the sender's identity that they shared the number."""
    known: Identity | None = identities_of(sender, number).filter(customer=customer).newest_first().first()
    if known is None:
        known = add_identity(customer, sender, number)
    if known.wa_id is None:
        take_ids(known, {"wa_id": wa_id})
    Identity.objects.filter(pk=known.pk).update(shared_at=at)
