from typing import Any

import django_filters
from django.db.models import QuerySet

from core.filters import FilterSet, TextFilter
from messaging.models import Direction, Message, Status

MAX_SEARCH_TERMS = 10


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
        queryset = queryset.filter(deleted_at=None)  # their words are not shown, so they are not found
        for term in value.split()[:MAX_SEARCH_TERMS]:
            queryset = queryset.filter(text__icontains=term)
        return queryset
