"""Finds or creates the customer behind a person on WhatsApp (docs/whatsapp.md, "Identities")."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from accounts.models import User
from core.db.compiled import prepared_cursor
from core.timestamps import aware
from customers.actions.customers import create_customer
from customers.actions.locking import lock
from customers.events import LOG_FIELDS, customer_of_row
from customers.models import Customer, Source
from messaging.actions.routing import route_soon
from messaging.models import BusinessNumber
from whatsapp.identities import add_identity, identity_id_by_lasting_id, learn
from whatsapp.lookup import customer_id_by_trace, phone_of
from whatsapp.models import Identity
from whatsapp.payload.elements import Person
from whatsapp.profiles import change_phone, fill_profile, missing, split_name

# The second look finds a customer that somebody else created meanwhile. The third is for one that was erased again.
_LOOKS = 3

# The hot path: identity, locked customer and owner in one statement, with only those of the customer's fields that a
# message needs. (A raw queryset of whole customers takes as long as all other statements together.)
_CUSTOMER = [*(f"c.{field}" for field in LOG_FIELDS), "c.first_name", "c.last_name", "c.username", "c.user_id"]
# After the id, in the order in which _found compares them.
_IDENTITY = ("id", "wa_id", "user_id", "parent_user_id", "profile_name", "username", "last_inbound_at")
_KNOWN = f"""
SELECT {", ".join([*_CUSTOMER, *(f"i.{field} AS i_{field}" for field in _IDENTITY)])}, u.is_active AS has_owner
FROM {Identity._meta.db_table} i
JOIN {Customer._meta.db_table} c ON c.id = i.customer_id AND c.merged_into_id IS NULL
LEFT JOIN {User._meta.db_table} u ON u.id = c.owner_id
WHERE i.business_number_id = %s AND i.{{key}} = %s AND i.detached_at IS NULL
"""
_LOCK = "FOR NO KEY UPDATE OF c"
# When they wrote is noted in the same statement, where the database can do both, after waiting for the customer's lock.
_SEEN = f"""
UPDATE {Identity._meta.db_table} SET last_inbound_at = %s
WHERE {{which}} AND (last_inbound_at IS NULL OR last_inbound_at < %s)
"""
_KNOWN_AND_SEEN = f"""
WITH known AS ({_KNOWN} {_LOCK}), seen AS (
{_SEEN.replace("WHERE {which}", f"FROM known WHERE {Identity._meta.db_table}.id = known.i_id")}
) SELECT * FROM known
"""


@dataclass
class _Found:
    """A locked customer, and whether they have an active owner. `wa_id` is where they are known to write from."""

    customer: Customer
    has_owner: bool
    lacks: bool
    wa_id: str | None


class Sender(NamedTuple):
    """The customer behind a person, locked until the transaction ends, and whether they have an active owner."""

    customer: Customer
    has_owner: bool

    def routed(self) -> int:
        """Have the customer belong to somebody, and return their id.

        Last of all, right before the commit: all salespeople are locked from here on.
        """
        if not self.has_owner:
            route_soon(self.customer)
        return int(self.customer.pk)


def sender_of(sender: Person, number: BusinessNumber, *, wrote_at: datetime | None = None) -> Sender:
    """Return the customer who wrote, locked until the current transaction ends.

    Looks for an identity on this number, then on our other numbers, then for the phone in every spelling WhatsApp uses,
    then for a contact with that number, and otherwise creates a customer. A customer without a name gets that of the
    profile; one without an active owner gets one when the caller says so (`Sender.routed`). `wrote_at` is None for
    people whom we wrote to. Fields that the chat does not need may be deferred.
    """
    found = _by_identity(sender, number, wrote_at)
    for _ in range(_LOOKS):
        if found is not None:
            break
        try:
            with transaction.atomic():
                customer = _by_any_trace(sender, number) or _new_customer(sender)
                add_identity(customer, sender, number, wrote_at=_past(wrote_at))
                found = _Found(customer, False, bool(missing(customer, sender)), sender.wa_id)
        except (IntegrityError, ValidationError):
            # Somebody else was first with the phone or the identity. A customer created here is rolled back.
            found = _by_identity(sender, number, wrote_at)
    if found is None:
        raise RuntimeError("the sender could neither be found nor created")
    customer = found.customer
    if found.lacks and fill_profile(customer.pk, sender, wa_id=found.wa_id):
        customer = lock(customer.pk)
    if not found.has_owner:
        # The owner was read before this transaction got the lock.
        customer = lock(customer.pk)
    return Sender(customer, found.has_owner)


def _by_identity(sender: Person, number: BusinessNumber, wrote_at: datetime | None) -> _Found | None:
    for key in ("wa_id", "user_id"):
        value = getattr(sender, key)
        if value is not None and (found := _known(key, value, sender, number, wrote_at)) is not None:
            return found
    identity_id = identity_id_by_lasting_id(sender, number)
    return None if identity_id is None else _known("id", identity_id, sender, number, wrote_at)


def _known(
    key: str, value: str | int, sender: Person, number: BusinessNumber, wrote_at: datetime | None
) -> _Found | None:
    at = connection.ops.adapt_datetimefield_value(_past(wrote_at)) if wrote_at is not None else None
    can_lock = connection.features.has_select_for_no_key_update
    with prepared_cursor() as cursor:
        if at is not None and can_lock:
            cursor.execute(_KNOWN_AND_SEEN.format(key=key), [number.pk, value, at, at])
        else:
            cursor.execute(_KNOWN.format(key=key) + (_LOCK if can_lock else ""), [number.pk, value])
        row = cursor.fetchone()
        if row is not None and at is not None and not can_lock:
            cursor.execute(_SEEN.format(which="id = %s"), [at, row[len(_CUSTOMER)], at])
    return _found(row, sender, number) if row is not None else None


def _found(row: tuple[Any, ...], sender: Person, number: BusinessNumber) -> _Found:
    """Make sense of a row of _KNOWN, and learn what the message says beside that."""
    customer = customer_of_row(row[: len(LOG_FIELDS)])
    first_name, last_name, username, user_id, *identity, has_owner = row[len(LOG_FIELDS) :]
    lacks = (sender.name and not first_name and not last_name) or (sender.username and not username and not user_id)
    said = (sender.wa_id, sender.user_id, sender.parent_user_id, sender.name[:300], sender.username)
    # Nearly every message says what is known already.
    if any(new and new != known for new, known in zip(said, identity[1:], strict=False)):
        fields = dict(zip(_IDENTITY, identity, strict=True))
        known = Identity(**fields, customer_id=customer.pk, business_number_id=number.pk)
        known.last_inbound_at = known.last_inbound_at and aware(known.last_inbound_at)
        if "wa_id" in learn(known, sender):
            customer = _with_phone(customer.pk, sender)
    return _Found(customer, bool(has_owner), bool(lacks), identity[1])


def _past(at: datetime | None) -> datetime | None:
    """A provider's time, which may be in the future, now at the latest."""
    return min(at, timezone.now()) if at is not None else None


def _with_phone(customer_id: int, sender: Person) -> Customer:
    """Lock and return a customer who hid their phone until now. The phone is stored unless another customer has it."""
    customer, phone = lock(customer_id), phone_of(sender)
    if customer.phone is None and phone is not None and change_phone(customer, phone):
        customer = lock(customer_id)
    return customer


def _by_any_trace(sender: Person, number: BusinessNumber) -> Customer | None:
    """Find and lock somebody who has no identity on this number yet."""
    found = customer_id_by_trace(sender, number)
    if found is None:
        return None
    customer: Customer | None = Customer.objects.select_for_update(no_key=True).filter(pk=found).first()
    # While this waited for the lock, the customer may have lost the phone, or become part of another one.
    return customer if customer is None or customer_id_by_trace(sender, number) == found else None


def _new_customer(sender: Person) -> Customer:
    customer = create_customer(
        actor=None,
        source=Source.WHATSAPP.value,
        username=sender.username,
        phone=phone_of(sender),
        **split_name(sender.name),
    )
    return lock(customer.pk)
