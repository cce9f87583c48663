"""Contacts of a person (setting PERSONAL_DATA)."""

from contacts.models import Contact, keys_of
from customers.models import Customer
from customers.related import Collected, rows_of

_FIELDS = ("email", "wa_number", "tp_number")


class Contacts:
    """They go with the customer's row."""

    @staticmethod
    def collect(customer: Customer) -> Collected:
        return Collected("contacts", rows_of(Contact.objects.filter(customer=customer)))

    @staticmethod
    def erase(customer: Customer) -> None:
        """Nothing stays once the customer is deleted."""

    @staticmethod
    def merge(*, into: Customer, gone: Customer) -> None:
        """Those with an address that a contact of `into` has already go; the primary one of `into` stays it."""
        has_primary = Contact.objects.filter(customer=into, is_primary=True).exists()
        for contact in Contact.objects.filter(customer=gone).order_by("pk"):
            values = {field: getattr(contact, field) for field in _FIELDS}
            keys = keys_of(into.pk, values)
            if Contact.objects.taken([into.pk], keys) & set(keys):
                continue
            is_primary = contact.is_primary and not has_primary
            Contact.objects.filter(pk=contact.pk).update(customer=into, is_primary=is_primary)
