"""Query parameters of the customer data lists."""

from typing import Any

import django_filters
from django.db.models import QuerySet

from core.filters import IdFilter, TextFilter
from customer_data.models import CustomerData


class _Ordering(django_filters.OrderingFilter):
    """Equal rows stay in the order of the list: newest first."""

    def filter(self, queryset: QuerySet[Any], value: Any) -> QuerySet[Any]:
        ordered = super().filter(queryset, value)
        return ordered.order_by(*ordered.query.order_by, "-pk") if value else ordered


class CustomerDataFilter(django_filters.FilterSet):
    """`?search= &ordering=` of one customer's entries."""

    search = TextFilter(method="filter_search", label="words that all occur in key or value")
    ordering = _Ordering(fields=["key", "created_at"])

    class Meta:
        model = CustomerData
        fields: list[str] = []

    def filter_search(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.search(value)


class AllDataFilter(CustomerDataFilter):
    """`?customer= &key=` besides."""

    customer = IdFilter(field_name="customer", label="the id of a customer")
    key = django_filters.CharFilter(label="the exact key")
