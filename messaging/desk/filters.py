"""Query parameters of the desk's list."""

from datetime import timedelta
from typing import Any

import django_filters
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
from customers.visibility import has_on_desk
from messaging.desk.chats import (
    UNREAD,
    WAITING_SINCE,
    WRITTEN_AT,
    not_waiting,
    waiting,
    window_closing,
    with_unread,
    without_unread,
)
from messaging.models import ChatState
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
        field_name="conversation__state", choices=ChatState.choices, label="chats that are open, snoozed or closed"
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

    def filter_owner(self, customers: CustomerQuerySet, name: str, value: int) -> CustomerQuerySet:
        return customers.filter(owner=value) if has_on_desk(self.request.user, value) else customers.none()

    def filter_unassigned(self, customers: CustomerQuerySet, name: str, value: bool) -> CustomerQuerySet:
        # Most salespeople have only customers with an owner.
        if not has_on_desk(self.request.user, None):
            return customers.none() if value else customers
        return customers.filter(owner__isnull=value)

    def filter_tag(self, customers: CustomerQuerySet, name: str, ids: list[int]) -> CustomerQuerySet:
        tags = Tag.objects.in_bulk(ids)
        if len(tags) < len(ids):
            return customers.none()
        for tag in tags.values():
            customers = carrying(customers, tag)
        return customers

    def filter_tag_any(self, customers: CustomerQuerySet, name: str, ids: list[int]) -> CustomerQuerySet:
        return carrying_any(customers, Tag.objects.in_bulk(ids).values())

    def filter_has_unread(self, customers: CustomerQuerySet, name: str, value: bool) -> CustomerQuerySet:
        return with_unread(customers) if value else without_unread(customers)

    def filter_waiting(self, customers: CustomerQuerySet, name: str, value: bool) -> CustomerQuerySet:
        return waiting(customers) if value else not_waiting(customers)

    def filter_window(self, customers: CustomerQuerySet, name: str, value: int) -> CustomerQuerySet:
        return window_closing(customers, within=timedelta(minutes=min(value, _MOST_MINUTES)))

    def filter_ad(self, customers: CustomerQuerySet, name: str, value: str) -> CustomerQuerySet:
        found: CustomerQuerySet = came_by(customers, value)
        return found

    def filter_search(self, customers: CustomerQuerySet, name: str, value: str) -> CustomerQuerySet:
        return customers.search(value)
