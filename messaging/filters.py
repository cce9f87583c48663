from typing import Any

import django_filters
from django.db.models import QuerySet

from core.filters import FilterSet, TextFilter, containing
from messaging.models import Direction, Message, Status


class MessageFilter(FilterSet):
    """`?type= &direction= &status= &search=` of a list of messages."""

    type = django_filters.CharFilter()
    direction = django_filters.ChoiceFilter(choices=Direction.choices)
    status = django_filters.ChoiceFilter(choices=Status.choices)
    search = TextFilter(method="filter_search", label="words that all occur in the text")

    class Meta:
        model = Message
        fields = ["type", "direction", "status", "search"]

    def filter_search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        # Of messages taken back the words are not shown, so they are not found.
        return queryset.filter(containing(value, "text"), deleted_at=None)
