"""Query parameters of lists of messages."""

from typing import Any

import django_filters
from django.db.models import QuerySet

from core.filters import DateFilter, FilterSet, TextFilter
from core.words import wanted_words
from messaging.models import INBOUND_STATUSES, Direction, Message, Status
from messaging.search import FoundMessages


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
        label="words to find in the text, in any order and without regard to case and accents; all must occur, and the "
        "last one may be the beginning of a longer word",
    )

    class Meta:
        model = Message
        fields = ["type", "direction", "status", "search", "before_date"]

    def filter_search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """All filters are applied before the search: see `qs`."""
        return queryset

    def filter_queryset(self, queryset: QuerySet[Any]) -> Any:
        direction, status, kind = (self.form.cleaned_data.get(name) for name in ("direction", "status", "type"))
        inbound, outbound = direction == Direction.INBOUND, direction == Direction.OUTBOUND
        # Said here, because an index of the one would be read to its end for the other.
        if inbound and status and status not in INBOUND_STATUSES:
            return queryset.none()
        # Our reactions are shown on the message they belong to.
        if outbound and (status == Status.RECEIVED or kind == "reaction"):
            return queryset.none()
        return super().filter_queryset(queryset)

    @property
    def qs(self) -> Any:
        found = super().qs
        text = self.form.cleaned_data.get("search") if self.filters else ""
        return FoundMessages(found, wanted_words(text), among=self._among(found)) if text else found

    def _among(self, found: QuerySet[Any]) -> QuerySet[Any]:
        """The messages whose newest the search reads: everybody's, because reading needs no look at whose they are."""
        before = self.form.cleaned_data.get("before_date")
        return Message.objects.filter(ordered_at__lt=before) if before else Message.objects.all()


class ChatFilter(MessageFilter):
    """Which messages of one chat a list shows."""

    def _among(self, found: QuerySet[Any]) -> QuerySet[Any]:
        return found
