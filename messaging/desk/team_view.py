"""`/api/team/`: the colleagues, as every member of staff sees them."""

from typing import Annotated, TypedDict

from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import user_of
from accounts.filters import TeamFilter
from accounts.models import Availability, Role, User, UserQuerySet
from accounts.permissions import IsSalesOrAdmin
from core.shapes import Ref
from messaging.load import open_chats


class TeamMember(TypedDict):
    """A colleague, as every member of staff sees them."""

    id: int
    name: Annotated[str, "the full name, or else the username"]
    role: Annotated[str, Role]
    is_active: bool
    availability: Annotated[str, Availability]
    open_chats: Annotated[int, "how many open chats their customers have"]
    team: Annotated[Ref | None, "the team they are a member of"]


class TeamView(ListAPIView[User]):
    """List the colleagues. Active salespeople and admins, by name: for choosing who takes over a chat.

    Admins also see those whose login is no longer active, with `?is_active=false`.
    """

    shape = TeamMember
    permission_classes = (IsSalesOrAdmin,)
    filterset_class = TeamFilter
    pagination_class = None

    def get_queryset(self) -> UserQuerySet:
        if getattr(self, "swagger_fake_view", False):
            return User.objects.none()
        asked = self.request.query_params.get("is_active") if user_of(self.request).is_admin else None
        staff = User.objects.staff() if asked else User.objects.staff().filter(is_active=True)
        return staff.select_related("team")

    def list(self, request: Request, *args: object, **kwargs: object) -> Response:
        # A team is small, and its names are put together in Python.
        users = sorted(self.filter_queryset(self.get_queryset()), key=lambda user: (user.name.casefold(), user.pk))
        chats = open_chats(user.pk for user in users)
        return Response([_member(user, chats[user.pk]) for user in users])


def _member(user: User, chats: int) -> TeamMember:
    return {
        "id": user.pk,
        "name": user.name,
        "role": user.role,
        "is_active": user.is_active,
        "availability": user.availability,
        "open_chats": chats,
        "team": {"id": user.team.pk, "name": user.team.name} if user.team else None,
    }
