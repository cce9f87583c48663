"""Query parameters of the lists of logins, and of the audit trail."""

import django_filters

from accounts.models import AuditEntry, Role, User, UserQuerySet
from core.filters import BooleanFilter, FilterSet, IdFilter, TextFilter, TimeFilter
from core.folding import ANY_SPELLING


class UserFilter(FilterSet):
    role = django_filters.ChoiceFilter(choices=Role.choices, label="the role: admin, sales or customer")
    is_active = BooleanFilter(label="true: active logins, false: deactivated ones")
    search = TextFilter(
        method="filter_search",
        label=f"words that must all occur in the username, the email or the names; {ANY_SPELLING}",
    )

    class Meta:
        model = User
        fields: list[str] = []

    def filter_search(self, queryset: UserQuerySet, name: str, value: str) -> UserQuerySet:
        return queryset.search(value)


class TeamFilter(FilterSet):
    is_active = BooleanFilter(label="false: colleagues whose login is no longer active, which only admins see")

    class Meta:
        model = User
        fields: list[str] = []


class AuditFilter(FilterSet):
    actor = IdFilter(field_name="actor_id", label="the id of the login that did it")
    customer = IdFilter(field_name="customer_id", label="the id of the customer concerned")
    verb = django_filters.CharFilter(label="what was done, such as signed_in or customer_updated")
    after = TimeFilter(field_name="at", lookup_expr="gte", label="a time such as 2026-01-31T08:00:00Z: not before it")
    before = TimeFilter(field_name="at", lookup_expr="lt", label="a time such as 2026-01-31T18:00:00Z: before it")

    class Meta:
        model = AuditEntry
        fields: list[str] = []
