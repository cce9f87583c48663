"""Finds or creates the customer behind a person on WhatsApp (docs/whatsapp.md, "Identities")."""

import re

from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet
from rest_framework.exceptions import ValidationError

from accounts.models import User
from contacts.models import Contact
from core.db.cursors import prepared_cursor
from core.phones import variants
from customers.actions.assignments import assign_automatically
from customers.actions.customers import create_customer, update_customer
from customers.actions.locking import lock
from customers.events import LOG_FIELDS, customer_of_row
from customers.models import Customer, Source
from messaging.models import BusinessNumber, Conversation
from whatsapp.models import Identity
from whatsapp.payload.elements import Person

_STORABLE_PHONE = re.compile(r"\d{8,15}", re.ASCII)
# The second look finds a customer that somebody else created meanwhile. The third is for one that was erased again.
_LOOKS = 3

# The hot path: identity, locked customer and owner in one statement, with only those of the customer's fields that a
# message needs. (A raw queryset of whole customers takes as long as all other statements together.)
_KNOWN = f"""
SELECT {", ".join(f"c.{field}" for field in LOG_FIELDS)}, i.id, i.wa_id, i.user_id, i.profile_name, u.is_active
FROM {Identity._meta.db_table} i
JOIN {Customer._meta.db_table} c ON c.id = i.customer_id
LEFT JOIN {User._meta.db_table} u ON u.id = c.owner_id
WHERE i.business_number_id = %s AND i.{{key}} = %s
"""


def customer_of(sender: Person, number: BusinessNumber) -> Customer:
    """Return the customer who wrote, locked until the current transaction ends.

    Looks for an identity on this number, then for the phone in every spelling WhatsApp uses, then for a contact with
    that number, and otherwise creates a customer. A customer without an active owner gets one (setting
    ASSIGNMENT_STRATEGY). Fields that the chat does not need may be deferred.
    """
    customer, has_owner = _by_identity(sender, number)
    for _ in range(_LOOKS):
        if customer is not None:
            break
        try:
            with transaction.atomic():
                customer = _by_phone(sender) or _by_contact(sender) or _new_customer(sender)
                add_identity(customer, sender, number)
        except (IntegrityError, ValidationError):
            # Somebody else was first with the phone or the identity. A customer created here is rolled back.
            customer, has_owner = _by_identity(sender, number)
    if customer is None:
        raise RuntimeError("the sender could neither be found nor created")
    if not has_owner:
        # The owner was read before this transaction got the lock, so the action has to look again.
        customer = lock(customer.pk)
        assign_automatically(customer)
    return customer


def customer_id_of(recipient: Person, number: BusinessNumber) -> int | None:
    """Return the id of the customer at an address. Creates and locks nobody."""
    identities = Identity.objects.filter(business_number=number)
    for key, value in _keys(recipient):
        if found := identities.filter(**{key: value}).values_list("customer_id", flat=True).first():
            return int(found)
    if phone := _phone(recipient):
        by_phone = Customer.objects.filter(phone__in=variants(phone)).values_list("pk", flat=True).first()
        return by_phone or _customer_id_by_contact(phone)
    return None


def _by_identity(sender: Person, number: BusinessNumber) -> tuple[Customer | None, bool]:
    """Return the locked customer, and whether they have an active owner."""
    lock_clause = "FOR NO KEY UPDATE OF c" if connection.features.has_select_for_no_key_update else ""
    for key, value in _keys(sender):
        with prepared_cursor() as cursor:
            cursor.execute(_KNOWN.format(key=key) + lock_clause, [number.pk, value])
            row = cursor.fetchone()
        if row is not None:
            learned = _complete(Identity(id=row[4], wa_id=row[5], user_id=row[6], profile_name=row[7]), sender)
            customer = _with_phone(row[0], sender) if "wa_id" in learned else customer_of_row(row[:4])
            return customer, bool(row[8])
    return None, False


def _keys(sender: Person) -> list[tuple[str, str]]:
    keys = (("wa_id", sender.wa_id), ("user_id", sender.user_id))
    return [(key, value) for key, value in keys if value is not None]


def _with_phone(customer_id: int, sender: Person) -> Customer:
    """Lock and return a customer who hid their phone until now. The phone is stored unless another customer has it."""
    customer, phone = lock(customer_id), _phone(sender)
    if customer.phone is None and phone is not None and _change_phone(customer, phone):
        customer = lock(customer_id)
    return customer


def _change_phone(customer: Customer, phone: str) -> bool:
    """Give a locked customer this phone unless another customer has it, in any spelling."""
    if Customer.objects.filter(phone__in=variants(phone)).exclude(pk=customer.pk).exists():
        return False
    try:
        update_customer(customer_id=customer.pk, actor=None, changes={"phone": phone})
    except ValidationError:  # somebody took it meanwhile
        return False
    return True


def move_address(customer_id: int, old: Person, new: Person, number: BusinessNumber) -> None:
    """Recognise a customer at `new` instead of `old` from now on, and send answers there.

    Their phone changes too if it was the old number and the new one is free. If `new` already belongs to another
    customer, nothing changes.
    """
    customer = lock(customer_id)
    mine = Identity.objects.filter(customer=customer, business_number=number)
    known = next((row for key, value in _keys(old) + _keys(new) if (row := mine.filter(**{key: value}).first())), None)
    try:
        with transaction.atomic():
            if known is None:
                add_identity(customer, new, number)
            else:
                Identity.objects.filter(pk=known.pk).update(**dict(_keys(new)))
    except IntegrityError:
        return
    addresses = [value for _, value in _keys(old)]
    if new.wa_id is not None or old.wa_id is None:
        Conversation.objects.filter(customer=customer, last_address__in=addresses).update(last_address=new.address)
    was, phone = _phone(old), _phone(new)
    if phone is not None and phone != customer.phone and (customer.phone is None or customer.phone in _spellings(was)):
        _change_phone(customer, phone)


def _spellings(phone: str | None) -> list[str]:
    return variants(phone) if phone is not None else []


def address_of(sender: Person, number: BusinessNumber) -> str:
    """Return the same address for a person, whichever of their two ids is given this time."""
    known = identities_of(sender, number).order_by("pk").first()
    return (known.wa_id or known.user_id if known is not None else None) or sender.address


def _complete(known: Identity, sender: Person) -> dict[str, str]:
    """Store what is new about a known identity, and return it."""
    new = {
        "wa_id": sender.wa_id if known.wa_id is None else None,
        "user_id": sender.user_id if known.user_id is None else None,
        "profile_name": sender.name[:300] if sender.name[:300] != known.profile_name else None,
    }
    learned = {key: value for key, value in new.items() if value}
    if not learned:
        return {}
    try:
        with transaction.atomic():
            Identity.objects.filter(pk=known.pk).update(**learned)
    except IntegrityError:
        return {}  # the other id belongs to somebody else: the id that found the customer decides
    return learned


def _by_phone(sender: Person) -> Customer | None:
    phone = _phone(sender)
    if phone is None:
        return None
    found = Customer.objects.select_for_update(no_key=True).filter(phone__in=variants(phone)).order_by("pk")
    customers = list(found)
    exact = [customer for customer in customers if customer.phone == phone]
    return next(iter(exact or customers), None)


def _by_contact(sender: Person) -> Customer | None:
    phone = _phone(sender)
    if phone is None or (found := _customer_id_by_contact(phone)) is None:
        return None
    return Customer.objects.select_for_update(no_key=True).filter(pk=found).first()


def _customer_id_by_contact(phone: str) -> int | None:
    """The one customer with an active contact of that number; None if there are several, because any could be meant."""
    contacts = Contact.objects.reached_at(variants(phone))
    customer_ids = list(contacts.order_by().values_list("customer_id", flat=True).distinct()[:2])
    return customer_ids[0] if len(customer_ids) == 1 else None


def _phone(sender: Person) -> str | None:
    """The phone as Patter stores it; None if it is hidden, or too short or too long to be stored."""
    if sender.wa_id is None or _STORABLE_PHONE.fullmatch(sender.wa_id) is None:
        return None
    return f"+{sender.wa_id}"


def _new_customer(sender: Person) -> Customer:
    first_name, _, last_name = " ".join(sender.name.split()).partition(" ")
    customer = create_customer(
        actor=None,
        source=Source.WHATSAPP.value,
        first_name=first_name[:150],
        last_name=last_name[:150],
        username=sender.username,
        phone=_phone(sender),
    )
    return lock(customer.pk)


def add_identity(customer: Customer, sender: Person, number: BusinessNumber) -> Identity:
    """Store that this person is `customer`. Raises IntegrityError if one of the ids already belongs to somebody."""
    identity: Identity = Identity.objects.create(
        customer=customer,
        business_number=number,
        wa_id=sender.wa_id,
        user_id=sender.user_id,
        profile_name=sender.name[:300],
    )
    return identity


def learn_address(customer_id: int, recipient: Person, number: BusinessNumber) -> None:
    """Store the ids of a customer whom a message reached, because they may answer with their phone hidden.

    If either id already belongs to somebody else, nothing changes.
    """
    known = list(identities_of(recipient, number))
    if any(identity.customer_id != customer_id for identity in known):
        return
    if known:
        _complete(known[0], recipient)
        return
    try:
        with transaction.atomic():
            add_identity(lock(customer_id), recipient, number)
    except (Customer.DoesNotExist, IntegrityError):
        return  # erased, or known since the look


def identities_of(sender: Person, number: BusinessNumber) -> "QuerySet[Identity]":
    """The identities on one of our numbers with either id of a person."""
    either = Q()
    for key, value in _keys(sender):
        either |= Q(**{key: value})
    return Identity.objects.filter(either, business_number=number)


def senders_proved(customer: Customer) -> bool:
    """Whether `customer` verified their phone, and everybody who wrote as them did so from that phone.

    Contacts whom the customer named may have written, too, and nothing proves that they belong to them.
    """
    if not customer.phone_verified or customer.phone is None:
        return False
    own = [spelling.removeprefix("+") for spelling in variants(customer.phone)]
    # An identity without a wa_id hides its phone: only staff or Meta say that it is the customer.
    return not Identity.objects.filter(customer=customer).exclude(wa_id__in=own).exists()


def phone_belongs_to_other(*, phone: str, customer_id: int | None) -> bool:
    """Whether somebody else than this customer (None: a new one) is known to write from `phone`, in any spelling."""
    spellings = [spelling.removeprefix("+") for spelling in variants(phone)]
    return Identity.objects.filter(wa_id__in=spellings).exclude(customer=customer_id).exists()
