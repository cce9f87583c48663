"""Query parameters of the customer data lists."""

import django_filters

from core.filters import FilterSet, IdFilter, OrderingFilter, TextFilter
from core.folding import ANY_SPELLING
from customer_data.models import CustomerData, CustomerDataQuerySet


class CustomerDataFilter(FilterSet):
    """`?search= &ordering=` of one customer's entries."""

    search = TextFilter(
        method="filter_search",
        label=f"words that must all occur in the key or the value; {ANY_SPELLING}",
    )
    ordering = OrderingFilter({"key": ["key"], "created_at": ["created_at"]}, tie="-pk")

    class Meta:
        model = CustomerData
        fields: list[str] = []

    def filter_search(self, entries: CustomerDataQuerySet, name: str, value: str) -> CustomerDataQuerySet:
        return entries.search(value)


class AllDataFilter(CustomerDataFilter):
    """Adds `?customer= &key=` for the list of all entries."""

    customer = IdFilter(field_name="customer", label="the id of a customer")
    key = django_filters.CharFilter(label="the exact key")
