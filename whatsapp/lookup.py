"""Who is known at an address: looks, and neither creates nor locks anybody (docs/whatsapp.md, "Identities")."""

import re
from collections.abc import Iterable

from django.db import connection

from contacts.models import Contact
from core.db.compiled import prepared_cursor
from core.phones import variants
from customers.models import Customer
from messaging.models import BusinessNumber
from whatsapp.identities import elsewhere, holder_of
from whatsapp.models import Identity
from whatsapp.payload.elements import Person

_STORABLE_PHONE = re.compile(r"\d{8,15}", re.ASCII)


_NUMBERS = BusinessNumber._meta.db_table
# Where each kind of id may be found. The indexes begin with the number.
_COLUMNS = (
    ("wa_id", "wa_id"),
    ("user_id", "user_id"),
    ("user_id", "previous_user_id"),
    ("parent_user_id", "parent_user_id"),
)
_IDENTITY = (
    "SELECT {column} FROM " + Identity._meta.db_table + " WHERE business_number_id IN "
    f"(SELECT id FROM {_NUMBERS}) AND detached_at IS NULL AND {{column}} IN ({{marks}})"
)
_PHONE = f"SELECT phone FROM {Customer._meta.db_table} WHERE phone_trusted AND phone IN ({{marks}})"
_CONTACT = (
    f"SELECT wa_number FROM {Contact._meta.db_table} WHERE is_active AND is_confirmed AND wa_number IN ({{marks}})"
)


def known_anywhere(people: Iterable[Person]) -> set[Person]:
    """Those of these people of whom any id is known on any number, or whose phone is a customer's or a contact's.

    One statement by hand (docs/decisions/005-hand-written-sql.md): who sends from our number with another program has
    thousands of statuses, and nearly all of them are about nobody we know.
    """
    people = list(people)
    phones = {person: variants(phone) if (phone := phone_of(person)) is not None else [] for person in people}
    parts, values = [], []
    for name, column in _COLUMNS:
        ids = sorted({value for person in people if (value := getattr(person, name)) is not None})
        if ids:
            parts.append(_IDENTITY.format(column=column, marks=_marks(ids)))
            values += ids
    if spelt := sorted({phone for variants_ in phones.values() for phone in variants_}):
        parts += [_PHONE.format(marks=_marks(spelt)), _CONTACT.format(marks=_marks(spelt))]
        values += spelt * 2
    if not parts:
        return set()
    with prepared_cursor() if len(people) == 1 else connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        found = {row[0] for row in cursor.fetchall()}
    return {person for person in people if not found.isdisjoint([*person.ids.values(), *phones[person]])}


def _marks(values: list[str]) -> str:
    return ", ".join(["%s"] * len(values))


def customer_id_of(person: Person, number: BusinessNumber) -> int | None:
    """Return the id of the customer at an address."""
    if not known_anywhere([person]):
        return None
    if (found := holder_of(person, number)) is not None:
        return found
    return customer_id_by_trace(person, number)


def customer_id_of_any(people: Iterable[Person], number: BusinessNumber) -> int | None:
    """The id of the customer at the first address that is known: those with an identity come first."""
    people = list(people)
    for person in people:
        if (found := holder_of(person, number)) is not None:
            return found
    return next((found for person in people if (found := customer_id_by_trace(person, number)) is not None), None)


def customer_id_by_trace(person: Person, number: BusinessNumber) -> int | None:
    """Look for somebody without an identity on this number: on our other numbers, by phone, then among contacts."""
    if (found := elsewhere(person, number)) is not None:
        return found
    phone = phone_of(person)
    if phone is None:
        return None
    holder = Customer.all_rows.holding_phone(variants(phone))
    return holder.pk if holder is not None else _customer_id_by_contact(phone)


def _customer_id_by_contact(phone: str) -> int | None:
    """The one customer with an active contact of that number; None if there are several, because any could be meant."""
    contacts = Contact.objects.reached_at(variants(phone)).order_by()
    customer_ids = list(contacts.values_list("customer_id", flat=True).distinct()[:2])
    return customer_ids[0] if len(customer_ids) == 1 else None


def phone_of(person: Person) -> str | None:
    """The phone as Patter stores it; None if it is hidden, or too short or too long to be stored."""
    if person.wa_id is None or _STORABLE_PHONE.fullmatch(person.wa_id) is None:
        return None
    return f"+{person.wa_id}"
