"""Who is known at an address: looks, and neither creates nor locks anybody (docs/whatsapp.md, "Identities")."""

import re
from collections.abc import Iterable

from contacts.models import Contact
from core.phones import variants
from customers.models import Customer
from messaging.models import BusinessNumber
from whatsapp.identities import elsewhere, identity_id_of
from whatsapp.models import Identity
from whatsapp.payload.elements import Person

_STORABLE_PHONE = re.compile(r"\d{8,15}", re.ASCII)


def customer_id_of(person: Person, number: BusinessNumber) -> int | None:
    """Return the id of the customer at an address."""
    if (identity_id := identity_id_of(person, number)) is not None:
        return int(Identity.objects.values_list("customer_id", flat=True).get(pk=identity_id))
    return customer_id_by_trace(person, number)


def customer_id_of_any(people: Iterable[Person], number: BusinessNumber) -> int | None:
    """The id of the customer at the first address that is known: those with an identity come first."""
    people = list(people)
    for person in people:
        if (identity_id := identity_id_of(person, number)) is not None:
            return int(Identity.objects.values_list("customer_id", flat=True).get(pk=identity_id))
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
