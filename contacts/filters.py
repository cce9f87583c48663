"""Query parameters of the contact list."""

from contacts.models import Contact, ContactQuerySet
from contacts.pages import ContactPages
from core.filters import BooleanFilter, FilterSet, IdFilter, TextFilter
from core.folding import ANY_SPELLING
from customers.models import FIRST_ON_DESK
from customers.search import search_terms


class ContactFilter(FilterSet):
    customer_id = IdFilter(field_name="customer", label="the id of a customer")
    is_active = BooleanFilter(label="true: active contacts, false: inactive ones")
    is_confirmed = BooleanFilter(label="true: contacts that staff entered or confirmed, false: those waiting for it")
    is_primary = BooleanFilter(label="true: primary contacts, false: all others")
    search = TextFilter(
        method="filter_search",
        label=f"words that must all occur in the email, a number or the customer's details; {ANY_SPELLING}. "
        f"Without a number or a word of three letters, only those of the {FIRST_ON_DESK:,} customers with the newest "
        "messages are searched",
    )

    class Meta:
        model = Contact
        fields: list[str] = []

    def filter_search(self, contacts: ContactQuerySet, name: str, value: str) -> ContactQuerySet:
        """All filters are applied before the search: see `qs`."""
        return contacts

    @property
    def qs(self) -> ContactPages:
        """The pages of those that the user may see."""
        found = super().qs
        terms = search_terms(self.form.cleaned_data.get("search") or "") if self.filters else []
        return ContactPages(found, self.request.user, filtered=bool(self.filters), terms=terms)
