"""Query parameters of the lists of logins."""

import django_filters

from accounts.models import Role, User, UserQuerySet
from core.filters import BooleanFilter, FilterSet, TextFilter


class UserFilter(FilterSet):
    role = django_filters.ChoiceFilter(choices=Role.choices, label="the role: admin, sales or customer")
    is_active = BooleanFilter(label="true: active logins, false: deactivated ones")
    search = TextFilter(
        method="filter_search", label="words that must all occur in the username, the email or the names"
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
