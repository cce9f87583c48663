"""Query parameters of the desk's list."""

from datetime import timedelta
from typing import Any

import django_filters
from django.core.validators import EMPTY_VALUES
from django.db.models import Q
from django.db.models.functions import Lower

from core.filters import (
    BooleanFilter,
    CountFilter,
    FilterSet,
    IdFilter,
    IdsFilter,
    NullsLast,
    OrderingFilter,
    TextFilter,
)
from customers.ads import came_by
from customers.filters import SHORT_SEARCHES
from customers.models import Customer, CustomerQuerySet, Source
from customers.visibility import has_on_desk, visible
from messaging.desk.chats import (
    HAS_UNREAD,
    UNREAD,
    WAITING,
    WAITING_SINCE,
    WRITTEN_AT,
    window_closes,
    with_chat,
    without_chat,
)
from messaging.desk.rows import DeskPages
from messaging.models import ChatState, Conversation
from tags.models import Tag, carrying, carrying_any

# More than any service window: no window closes later.
_MOST_MINUTES = 366 * 24 * 60

_ORDERS: dict[str, tuple[Any, ...]] = {
    "name": (Lower("first_name"), Lower("last_name")),
    "created_at": ("date_joined",),
    "updated_at": ("updated_at",),
    # The time of the newest message, with an index of its own.
    "last_message_at": ("desk_at",),
    "unread_count": (UNREAD,),
    # Who does not wait, or never wrote, comes last in both directions.
    "waiting_since": (NullsLast(WAITING_SINCE),),
    # The service window is as long for all chats of a channel.
    "window_expires_at": (NullsLast(WRITTEN_AT),),
}


class DeskFilter(FilterSet):
    """Which customers a list of the desk shows, and in which order."""

    owner = IdFilter(method="filter_owner", label="the id of a salesperson")
    unassigned = BooleanFilter(
        method="filter_unassigned", label="customers without an owner (true) or with one (false)"
    )
    source = django_filters.ChoiceFilter(choices=Source.choices)
    tag = IdsFilter(method="filter_tag", label="the id of a tag; given several times, customers with all of these tags")
    tag_any = IdsFilter(
        method="filter_tag_any", label="ids of tags, separated by commas: customers with any of these tags"
    )
    has_unread = BooleanFilter(
        method="filter_has_unread", label="customers with unread messages (true) or without (false)"
    )
    state = django_filters.ChoiceFilter(
        method="filter_state", choices=ChatState.choices, label="chats that are open, snoozed or closed"
    )
    waiting = BooleanFilter(
        method="filter_waiting", label="open chats that wait for an answer (true), or all others (false)"
    )
    window_closes_within = CountFilter(
        method="filter_window", label="minutes: chats whose service window is open now and will be closed by then"
    )
    ad = TextFilter(method="filter_ad", label="Meta's id (source_id) of the first or latest advertisement they came by")
    is_active = BooleanFilter(field_name="is_active")
    search = TextFilter(
        method="filter_search",
        label=f"words to find in names, username, email, phone or customer id; all must occur. {SHORT_SEARCHES}",
    )
    ordering = OrderingFilter(_ORDERS)

    class Meta:
        model = Customer
        fields: list[str] = []

    @property
    def qs(self) -> DeskPages:
        """The pages of the customers that are left over.

        The chats among them are the desk's own: they say so themselves, and their index is read without the customers.
        If nothing but chats was asked for, they are counted alone.
        """
        # What their chats are to be and not to be, whose they are, and by which filters.
        self._chats, self._no_chats, self._owners, self._by_chats = Q(), list[Q](), Q(), {"ordering"}
        self._has_unread: bool | None = None
        self._guessed = True
        rows = super().qs
        if not self._chats:
            for chats in self._no_chats:
                rows = without_chat(rows, chats)
            return DeskPages(rows, has_unread=self._has_unread, guessed=self._guessed)
        chats = visible(self.request.user, copied=True) & self._chats & self._owners
        for no_chats in self._no_chats:
            chats &= ~no_chats
        given = {name for name, value in self.form.cleaned_data.items() if value not in EMPTY_VALUES}
        only_chats = Conversation.objects.filter(chats) if given <= self._by_chats else None
        found = self._with_chat(rows, chats, few="window_closes_within" in given)
        return DeskPages(found, only_chats, has_unread=self._has_unread, guessed=self._guessed)

    def _with_chat(self, customers: CustomerQuerySet, chats: Q, *, few: bool) -> CustomerQuerySet:
        """Those with such a chat. If there may be `few`, they are found first.

        PostgreSQL cannot know that hardly anybody wrote today whose chat is closed, and would look at every customer.
        """
        if few:
            ids = list(Conversation.objects.filter(chats).order_by().values_list("pk", flat=True)[: DeskPages.FEW + 1])
            if len(ids) <= DeskPages.FEW:
                return customers.filter(pk__any=ids)
        return with_chat(customers, chats)

    def _ask_chats(self, customers: CustomerQuerySet, name: str, chats: Q, *, wanted: bool = True) -> CustomerQuerySet:
        """Leave it to `qs`: what is asked of chats is asked at once."""
        self._by_chats.add(name)
        if wanted:
            self._chats &= chats
        else:
            self._no_chats.append(chats)
        return customers

    def _of_owner(self, customers: CustomerQuerySet, name: str, owner: Q) -> CustomerQuerySet:
        self._by_chats.add(name)
        self._owners &= owner
        return customers.filter(owner)

    def filter_owner(self, customers: CustomerQuerySet, name: str, value: int) -> CustomerQuerySet:
        known = has_on_desk(self.request.user, value)
        return self._of_owner(customers, name, Q(owner=value)) if known else customers.none()

    def filter_unassigned(self, customers: CustomerQuerySet, name: str, value: bool) -> CustomerQuerySet:
        # Most salespeople have only customers with an owner.
        if not has_on_desk(self.request.user, None):
            return customers.none() if value else customers
        return self._of_owner(customers, name, Q(owner__isnull=value))

    def filter_tag(self, customers: CustomerQuerySet, name: str, ids: list[int]) -> CustomerQuerySet:
        tags = Tag.objects.in_bulk(ids)
        if len(tags) < len(ids):
            return customers.none()
        for tag in tags.values():
            customers = carrying(customers, tag)
        return customers

    def filter_tag_any(self, customers: CustomerQuerySet, name: str, ids: list[int]) -> CustomerQuerySet:
        # Of a source or a tag PostgreSQL expects half of all, also beside another source.
        self._guessed = False
        return carrying_any(customers, Tag.objects.in_bulk(ids).values())

    def filter_has_unread(self, customers: CustomerQuerySet, name: str, value: bool) -> CustomerQuerySet:
        self._has_unread = value
        return self._ask_chats(customers, name, HAS_UNREAD, wanted=value)

    def filter_state(self, customers: CustomerQuerySet, name: str, value: str) -> CustomerQuerySet:
        return self._ask_chats(customers, name, Q(state=value))

    def filter_waiting(self, customers: CustomerQuerySet, name: str, value: bool) -> CustomerQuerySet:
        return self._ask_chats(customers, name, WAITING, wanted=value)

    def filter_window(self, customers: CustomerQuerySet, name: str, value: int) -> CustomerQuerySet:
        within = timedelta(minutes=min(value, _MOST_MINUTES))
        return self._ask_chats(customers, name, window_closes(within=within))

    def filter_ad(self, customers: CustomerQuerySet, name: str, value: str) -> CustomerQuerySet:
        found: CustomerQuerySet = came_by(customers, value)
        return found

    def filter_search(self, customers: CustomerQuerySet, name: str, value: str) -> CustomerQuerySet:
        return customers.search(value)
