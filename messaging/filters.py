"""Query parameters of lists of messages."""

from typing import Any

import django_filters
from django.db.models import QuerySet

from core.filters import DateFilter, FilterSet, TextFilter, has_trigram
from core.folding import containing, search_words
from messaging.models import Direction, Message, Status

# How many messages a search without a word of three letters reads.
NEWEST = 2_000


class MessageFilter(FilterSet):
    """Which messages a list shows."""

    # Any text: Meta adds types of messages, and what it sends is kept under its own name.
    type = django_filters.CharFilter(label="a type of message, such as text or image")
    direction = django_filters.ChoiceFilter(choices=Direction.choices)
    status = django_filters.ChoiceFilter(choices=Status.choices)
    before_date = DateFilter(
        field_name="ordered_at", lookup_expr="lt", label="a date like 2026-01-31: messages from before it, in UTC"
    )
    search = TextFilter(
        method="filter_search",
        label="words to find in the text; all must occur. "
        f"Without a word of three letters, only the newest {NEWEST:,} messages are searched",
    )

    class Meta:
        model = Message
        fields = ["type", "direction", "status", "search", "before_date"]

    def filter_search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if not any(map(has_trigram, search_words(value))):
            queryset = queryset.filter(pk__in=queryset.order_by("-ordered_at", "-pk").values("pk")[:NEWEST])
        # The text of a deleted message is not shown, so it is not found either.
        return queryset.filter(containing(value, "text"), deleted_at=None)
