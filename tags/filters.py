"""Query parameters of the tag lists."""

from datetime import date

import django_filters

from core.filters import BooleanFilter, FilterSet, OrderingFilter, TextFilter
from core.folding import ANY_SPELLING
from tags.models import Tag, TagQuerySet


class CustomerTagFilter(FilterSet):
    """`?search= &ordering=` of one customer's tags."""

    search = TextFilter(method="filter_search", label=f"part of the name; {ANY_SPELLING}")
    ordering = OrderingFilter({"name": ["name_key"], "created_at": ["created_at"]}, tie="pk")

    class Meta:
        model = Tag
        fields: list[str] = []

    def filter_search(self, tags: TagQuerySet, name: str, value: str) -> TagQuerySet:
        return tags.search(value)


class CountsFilter(FilterSet):
    """`?with_counts=` of one tag."""

    with_counts = BooleanFilter(
        method="filter_with_counts",
        label="true adds customer_count: the number of customers on your desk who have the tag",
    )

    class Meta:
        model = Tag
        fields: list[str] = []

    def filter_with_counts(self, tags: TagQuerySet, name: str, value: bool) -> TagQuerySet:
        return tags.with_counts(self.request.user) if value else tags


class DayFilter(django_filters.DateFilter):  # type: ignore[misc]  # django-filter has no types
    """A day, in UTC."""

    shape = date


class TagFilter(CountsFilter, CustomerTagFilter):
    """All of the above for the team's tags, and `?created_at=`."""

    created_at = DayFilter(
        field_name="created_at",
        lookup_expr="date",
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": "Enter a day as YYYY-MM-DD."},
        label="the day (UTC) on which the tag was created, as YYYY-MM-DD",
    )

    class Meta(CustomerTagFilter.Meta):
        pass
