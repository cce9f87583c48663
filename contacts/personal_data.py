"""The contacts of a customer: how they are exported, merged and erased (setting PERSONAL_DATA)."""

from typing import Any

from contacts.models import UNIQUE_FIELDS, Contact, keys_of
from customers.models import Customer
from customers.related import Given, Keeper, Merged


class Contacts(Keeper):
    """Contacts. A customer has one per email and number, and one primary contact."""

    merged = Merged.MOVED_UNLESS_KNOWN

    def their_data(self, customer: Customer) -> Any:
        """The contacts that they added themselves."""
        own = self.rows(customer).filter(added_by_customer=True)
        return list(own.order_by("pk").values(*self.theirs))

    def merge(self, *, into: Customer, gone: Customer) -> list[int]:
        """Contacts with an email or number that `into` has already do not move. Its primary contact stays primary."""
        has_primary = self.rows(into).filter(is_primary=True).exists()
        moved = []
        for contact in self.rows(gone).order_by("pk"):
            keys = keys_of(into.pk, {field: getattr(contact, field) for field in UNIQUE_FIELDS})
            if Contact.objects.taken([into.pk], keys) & set(keys):
                continue
            row = self.rows(gone).filter(pk=contact.pk)
            moved += self.hand_over(row, into, is_primary=contact.is_primary and not has_primary)
        return moved


_THEIRS = ("email", "wa_number", "tp_number", "is_primary", "is_active", "created_at", "updated_at")

KEEPERS = (Contacts("contacts", file="contacts", given=Given.ALWAYS, theirs=_THEIRS),)
