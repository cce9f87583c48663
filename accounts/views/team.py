"""The colleagues, as every member of staff sees them."""

from typing import Any

from rest_framework.generics import ListAPIView

from accounts.authentication import user_of
from accounts.filters import TeamFilter
from accounts.models import User, UserQuerySet
from accounts.permissions import IsSalesOrAdmin
from accounts.serializers import TeamMemberSerializer


class TeamView(ListAPIView[User]):
    """List the colleagues. Active salespeople and admins, by name: for choosing who takes over a chat.

    Admins also see those whose login is no longer active, with `?is_active=false`.
    """

    serializer_class = TeamMemberSerializer
    permission_classes = (IsSalesOrAdmin,)
    filterset_class = TeamFilter
    pagination_class = None

    def get_queryset(self) -> UserQuerySet:
        if getattr(self, "swagger_fake_view", False):
            return User.objects.none()
        asked = self.request.query_params.get("is_active") if user_of(self.request).is_admin else None
        return User.objects.staff() if asked else User.objects.staff().filter(is_active=True)

    def filter_queryset(self, queryset: Any) -> Any:
        # A team is small, and its names are put together in Python.
        return sorted(super().filter_queryset(queryset), key=lambda user: (user.name.casefold(), user.pk))
