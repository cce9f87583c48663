"""The filters of the customers' list in Django admin that are about more than a column."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from core.filters import whole_number
from customers.admin.searching import OwnerFilter
from customers.group_members import matched_by
from customers.models import CustomerGroup, GroupMember

# How many groups or tags a filter names. Others are reached from their own pages.
NAMED = 50


class CustomersOwnerFilter(OwnerFilter):
    """By the salesperson who has them."""

    path = "owner"


class StateFilter(admin.SimpleListFilter):
    """By what stands out about them."""

    title = "state"
    parameter_name = "state"
    states: ClassVar[dict[str, tuple[str, Q]]] = {
        "vip": ("VIP", Q(is_vip=True)),
        "off": ("switched off", Q(is_active=False)),
        "blocked": ("blocked", Q(blocked_at__isnull=False)),
        "verified": ("verified", Q(is_verified=True)),
        "claimed": ("claims a phone", ~Q(pending_phone="")),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, words) for name, (words, _) in self.states.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.states.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(wanted[1])


class PickedFilter(admin.SimpleListFilter):
    """By one row of another table, whose id may be given even if it is not among those that are named."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None:
            return queryset
        pk = whole_number(value)
        return queryset.none() if pk is None else self.belonging(queryset, pk)

    def belonging(self, queryset: QuerySet[Any], pk: int) -> QuerySet[Any]:
        """The rows that belong to the one with this id."""
        raise NotImplementedError


class GroupFilter(PickedFilter):
    """The members of a group, by hand or by its rules."""

    title = "group"
    parameter_name = "group"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        groups = CustomerGroup.objects.order_by("folded", "pk").values_list("pk", "name")[:NAMED]
        return [(str(pk), name) for pk, name in groups]

    def belonging(self, queryset: QuerySet[Any], pk: int) -> QuerySet[Any]:
        group = CustomerGroup.objects.filter(pk=pk).first()
        if group is None:
            return queryset.none()
        by_hand = GroupMember.objects.filter(group=group).values("customer")
        return queryset.filter(Q(pk__in=by_hand) | matched_by(group))
