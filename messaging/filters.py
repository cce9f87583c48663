"""Query parameters of lists of messages."""

from typing import Any

import django_filters
from django.db.models import QuerySet

from core.filters import FilterSet, TextFilter, containing
from messaging.models import Direction, Message, Status


class MessageFilter(FilterSet):
    """Which messages a list shows."""

    # Any text: Meta adds types of messages, and what it sends is kept under its own name.
    type = django_filters.CharFilter(label="a type of message, such as text or image")
    direction = django_filters.ChoiceFilter(choices=Direction.choices)
    status = django_filters.ChoiceFilter(choices=Status.choices)
    search = TextFilter(method="filter_search", label="words to find in the text; all must occur")

    class Meta:
        model = Message
        fields = ["type", "direction", "status", "search"]

    def filter_search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        # The text of a deleted message is not shown, so it is not found either.
        return queryset.filter(containing(value, "text"), deleted_at=None)
