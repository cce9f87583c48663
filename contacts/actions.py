"""What can be done with contacts. Only these functions write Contact rows.

Each locks the customer first (several customers in order of id), so that of two requests at once the second sees what
the first has done; the constraints of the table back that up. Each records `customer_updated`, once per customer.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.exceptions import NotFound, ValidationError

from accounts.audit import audit, audit_all
from accounts.models import User
from contacts.models import UNIQUE_FIELDS, Contact, UniqueKey, keys_of
from core.changes import changed, gone, made, state
from customers.actions.locking import lock_all
from customers.events import record_all
from customers.models import Customer
from customers.serializers.customers import customers_event_data
from customers.visibility import works_at_desk

# What is wrong with the fields of one contact, as DRF says it: {field: [texts]}.
FieldErrors = dict[str, list[str]]

_TAKEN_TEXTS = {
    "email": "This customer already has a contact with this email.",
    "wa_number": "This customer already has a contact with this WhatsApp number.",
    "tp_number": "This customer already has a contact with this telephone number.",
}


def create_contact(*, actor: User, fields: Mapping[str, Any]) -> Contact:
    """Create a contact for the customer whose id is `fields["customer"]` and return it.

    Raises ValidationError for a customer the actor may not see, and for an email or number that another contact of the
    customer has; CustomerMerged for one who became part of another customer.
    """
    created, errors = create_contacts(actor=actor, items={0: fields})
    if errors:
        Customer.objects.visible_to(actor).refuse_merged(fields["customer"])
        raise ValidationError(errors[0])
    return created[0]


@transaction.atomic
def create_contacts(
    *, actor: User, items: Mapping[int, Mapping[str, Any]]
) -> tuple[dict[int, Contact], dict[int, FieldErrors]]:
    """Create many contacts as if one after another; return those created and what was wrong with the others.

    All three mappings are keyed by the position in the request. Of several new primary contacts of a customer, the last
    stays primary. Those that customers add themselves wait until staff vouch for them. The number of queries hardly
    grows with the items.
    """
    locked = lock_all({item["customer"] for item in items.values()}, actor=actor, own=True)
    customers = {customer.pk: customer for customer in locked}
    accepted, errors = _accept(items, customers)
    staff = works_at_desk(actor)
    last_primary = {item["customer"]: index for index, item in accepted.items() if item["is_primary"]}
    _clear_primary(last_primary.keys())
    now = timezone.now()
    contacts = {
        index: Contact(
            customer=customers[item["customer"]],
            **{field: item[field] for field in (*UNIQUE_FIELDS, "is_active")},
            is_primary=last_primary.get(item["customer"]) == index,
            is_confirmed=staff,
            added_by_customer=not staff,
            created_at=now,
            updated_at=now,
        )
        for index, item in accepted.items()
    }
    with _refusing_duplicates():
        Contact.objects.bulk_create(contacts.values())
    added = [(contact, contact.customer_id, made(contact, *UNIQUE_FIELDS)) for contact in contacts.values()]
    audit_all("contact_added", added, actor=actor)
    _record_update([customers[pk] for pk in sorted({contact.customer_id for contact in contacts.values()})], actor)
    return contacts, errors


def _accept(
    items: Mapping[int, Mapping[str, Any]], customers: Mapping[int, Customer]
) -> tuple[dict[int, Mapping[str, Any]], dict[int, FieldErrors]]:
    """Return the items that can be created and what is wrong with the others, both by index.

    `customers` are locked, and the actor may write to them. An item clashes with an earlier item that was accepted just
    as it does with an existing contact.
    """
    wanted = [key for item in items.values() for key in keys_of(item["customer"], item)]
    taken = Contact.objects.taken(customers.keys(), wanted)
    accepted, errors = {}, {}
    for index, item in items.items():
        keys = keys_of(item["customer"], item)
        if item["customer"] not in customers:
            errors[index] = {"customer": [f'Invalid pk "{item["customer"]}" - object does not exist.']}
        elif clashes := _clashes(taken, keys):
            errors[index] = clashes
        else:
            taken.update(keys)
            accepted[index] = item
    return accepted, errors


@transaction.atomic
def update_contact(*, actor: User, contact: Contact, changes: Mapping[str, Any]) -> Contact:
    """Change a contact and return it. A value it already has is no change; a new primary contact replaces the old one.

    Staff who save a contact vouch for it; a WhatsApp number that customers change waits until staff do. Raises NotFound
    if the actor can no longer see the contact, ValidationError for an email or number that another contact of the
    customer has.
    """
    customer, contact = _lock_contact(actor, contact)
    if works_at_desk(actor):
        changes = {**changes, "is_confirmed": True}
    elif changes.get("wa_number", contact.wa_number) != contact.wa_number:
        changes = {**changes, "is_confirmed": False}
    return _change(actor, customer, contact, changes)


def _change(actor: User, customer: Customer, contact: Contact, changes: Mapping[str, Any]) -> Contact:
    """Change a contact whose customer this transaction has locked."""
    changes = {field: value for field, value in changes.items() if getattr(contact, field) != value}
    if not changes:
        return contact
    keys = keys_of(customer.pk, changes)
    others = Contact.objects.exclude(pk=contact.pk)
    if clashes := _clashes(others.taken([customer.pk], keys), keys):
        raise ValidationError(clashes)
    if changes.get("is_primary"):
        _clear_primary([customer.pk])
    before = state(contact, *changes)
    for field, value in changes.items():
        setattr(contact, field, value)
    contact.updated_at = timezone.now()
    with _refusing_duplicates():
        contact.save(update_fields=[*changes, "updated_at"])
    audit("contact_changed", contact, actor=actor, customer=customer.pk, changes=changed(before, changes))
    _record_update([customer], actor)
    return contact


@transaction.atomic
def confirm_contact(*, actor: User, contact: Contact) -> Contact:
    """Vouch for a contact: messages from its WhatsApp number reach the customer from then on. For staff.

    Raises NotFound.
    """
    if not works_at_desk(actor):
        raise NotFound("Contact not found.")
    return _change(actor, *_lock_contact(actor, contact), {"is_confirmed": True})


@transaction.atomic
def set_primary(*, actor: User, contact: Contact) -> Contact:
    """Make a contact, active or not, its customer's primary contact. Raises NotFound."""
    return _change(actor, *_lock_contact(actor, contact), {"is_primary": True})


@transaction.atomic
def toggle_status(*, actor: User, contact: Contact) -> Contact:
    """Deactivate an active contact, activate an inactive one. Raises NotFound."""
    customer, contact = _lock_contact(actor, contact)
    return _change(actor, customer, contact, {"is_active": not contact.is_active})


@transaction.atomic
def delete_contact(*, actor: User, contact: Contact) -> None:
    """Delete a contact; no other contact becomes primary in its place. Raises NotFound."""
    customer, contact = _lock_contact(actor, contact)
    audit("contact_deleted", contact, actor=actor, customer=customer.pk, changes=gone(contact, *UNIQUE_FIELDS))
    contact.delete()
    _record_update([customer], actor)


def _lock_contact(actor: User, contact: Contact) -> tuple[Customer, Contact]:
    """Lock a contact's customer and read the contact as it is now. Raises NotFound."""
    for customer in lock_all([contact.customer_id], actor=actor, own=True):
        for found in Contact.objects.filter(pk=contact.pk):
            return customer, found
    raise NotFound("Contact not found.")


def _clashes(taken: set[UniqueKey], keys: Iterable[UniqueKey]) -> FieldErrors:
    return {key[1]: [_TAKEN_TEXTS[key[1]]] for key in keys if key in taken}


@contextmanager
def _refusing_duplicates() -> Iterator[None]:
    """Turn a violated constraint into a refusal.

    Python and the database may lower a letter of an email differently; then only the constraint finds the duplicate.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        raise ValidationError({"non_field_errors": ["This customer already has a contact with this email or number."]})


def _clear_primary(customer_ids: Collection[int]) -> None:
    """Make the primary contacts of these customers ordinary ones."""
    if customer_ids:
        primary = Contact.objects.filter(customer_id__in=customer_ids, is_primary=True)
        primary.update(is_primary=False, updated_at=timezone.now())


def _record_update(customers: Collection[Customer], actor: User) -> None:
    if customers:
        data = customers_event_data([customer.pk for customer in customers])
        record_all(customers, "customer_updated", data, actor=actor, verb=None)
