"""Query parameters of the desk's list."""

from typing import Any

import django_filters
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Lower

from core.filters import BooleanFilter, FilterSet, IdFilter, IdsFilter, TextFilter
from customers.models import Customer, CustomerQuerySet, Source
from tags.models import Tag, carrying, carrying_any

NEWEST_CONVERSATION_FIRST = ("-desk_at", "-id")

# What may be ordered by, and by which expressions; `desk_at` is the indexed place of the newest message.
_ORDERINGS: dict[str, tuple[Any, ...]] = {
    "name": (Lower("first_name"), Lower("last_name")),
    "created_at": (F("date_joined"),),
    "updated_at": (F("updated_at"),),
    "last_message_at": (F("desk_at"),),
    "unread_count": (Coalesce("conversation__unread_count", 0),),
}


class DeskFilter(FilterSet):
    owner = IdFilter(field_name="owner", label="the id of a salesperson")
    unassigned = BooleanFilter(field_name="owner", lookup_expr="isnull", label="without an owner")
    source = django_filters.ChoiceFilter(choices=Source.choices)
    tag = IdsFilter(method="filter_tag", label="the id of a tag; repeated: customers who carry them all")
    tag_any = IdsFilter(method="filter_tag_any", label="ids of tags, with commas: customers who carry one of them")
    has_unread = BooleanFilter(method="filter_has_unread", label="with unread messages")
    is_active = BooleanFilter(field_name="is_active")
    search = TextFilter(method="filter_search", label="every word occurs in name, handle, email, phone or customer id")
    ordering = django_filters.CharFilter(
        method="filter_ordering",
        label=f"one of {', '.join(_ORDERINGS)}, each also with a minus; unknown ones count not",
    )

    class Meta:
        model = Customer
        fields: list[str] = []

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
        unread = Q(conversation__unread_count__gt=0)
        return customers.filter(unread) if value else customers.filter(Q(conversation=None) | ~unread)

    def filter_search(self, customers: CustomerQuerySet, name: str, value: str) -> CustomerQuerySet:
        return customers.search(value)

    def filter_ordering(self, customers: CustomerQuerySet, name: str, value: str) -> CustomerQuerySet:
        orders = [
            part.desc() if word.startswith("-") else part.asc()
            for word in value.split(",")[: len(_ORDERINGS)]
            for part in _ORDERINGS.get(word.strip().removeprefix("-"), ())
        ]
        return customers.order_by(*orders, *NEWEST_CONVERSATION_FIRST[-1:]) if orders else customers
