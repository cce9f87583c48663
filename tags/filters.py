"""Query parameters of the tag lists."""

from typing import Any

import django_filters

from core.filters import BooleanFilter, TextFilter
from tags.models import Tag, TagQuerySet


class _Ordering(django_filters.OrderingFilter):
    """By name unless asked otherwise; equal rows stay in the order of their ids."""

    def filter(self, tags: Any, value: Any) -> Any:
        return super().filter(tags, [*value, "pk"]) if value else tags.by_name()

    def get_ordering_value(self, param: str) -> str:
        value: str = param if param == "pk" else super().get_ordering_value(param)
        return value


class CustomerTagFilter(django_filters.FilterSet):
    """`?search= &ordering=` of one customer's tags."""

    search = TextFilter(method="filter_search", label="part of the name, whatever its case")
    ordering = _Ordering(fields=[("name_key", "name"), ("created_at", "created_at")])

    class Meta:
        model = Tag
        fields: list[str] = []

    def filter_search(self, tags: TagQuerySet, name: str, value: str) -> TagQuerySet:
        return tags.search(value)


class CountsFilter(django_filters.FilterSet):
    """`?with_counts=` of one tag."""

    with_counts = BooleanFilter(
        method="filter_with_counts", label="true: with customer_count, how many customers on your desk carry it"
    )

    class Meta:
        model = Tag
        fields: list[str] = []

    def filter_with_counts(self, tags: TagQuerySet, name: str, value: bool) -> TagQuerySet:
        return tags.with_counts(self.request.user) if value else tags


class TagFilter(CountsFilter, CustomerTagFilter):
    """All of these, and `?created_at=`, of the team's tags."""

    created_at = django_filters.DateFilter(
        field_name="created_at", lookup_expr="date", input_formats=["%Y-%m-%d"], label="the day (UTC), as YYYY-MM-DD"
    )

    class Meta(CustomerTagFilter.Meta):
        pass
