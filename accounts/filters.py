from django_filters import rest_framework as filters

from accounts.models import Role, User, UserQuerySet
from core.filters import FilterSet, TextFilter


class UserFilter(FilterSet):
    role = filters.ChoiceFilter(choices=Role.choices)
    is_active = filters.BooleanFilter()
    search = TextFilter(method="by_search", label="Words of the username, the email or the names.")

    class Meta:
        model = User
        fields = ("role", "is_active")

    def by_search(self, queryset: UserQuerySet, name: str, value: str) -> UserQuerySet:
        return queryset.search(value)
