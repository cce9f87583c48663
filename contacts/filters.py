"""Query parameters of the contact list."""

from contacts.models import Contact, ContactQuerySet
from core.filters import BooleanFilter, FilterSet, IdFilter, TextFilter
from core.folding import ANY_SPELLING


class ContactFilter(FilterSet):
    customer_id = IdFilter(field_name="customer", label="the id of a customer")
    is_active = BooleanFilter(label="true: active contacts, false: inactive ones")
    is_confirmed = BooleanFilter(label="true: contacts that staff entered or confirmed, false: those waiting for it")
    is_primary = BooleanFilter(label="true: primary contacts, false: all others")
    search = TextFilter(
        method="filter_search",
        label=f"words that must all occur in the email, a number or the customer's details; {ANY_SPELLING}",
    )

    class Meta:
        model = Contact
        fields: list[str] = []

    def filter_search(self, contacts: ContactQuerySet, name: str, value: str) -> ContactQuerySet:
        return contacts.search(value)
