"""Query parameters of the contact list."""

import django_filters

from contacts.models import Contact, ContactQuerySet
from core.filters import BooleanFilter, IdFilter, TextFilter


class ContactFilter(django_filters.FilterSet):
    customer_id = IdFilter(field_name="customer", label="the id of a customer")
    is_active = BooleanFilter(label="active (true) or inactive (false)")
    is_primary = BooleanFilter(label="the primary ones (true) or the others (false)")
    search = TextFilter(method="filter_search", label="words that all occur in the email, the numbers or the customer")

    class Meta:
        model = Contact
        fields: list[str] = []

    def filter_search(self, queryset: ContactQuerySet, name: str, value: str) -> ContactQuerySet:
        return queryset.search(value)
