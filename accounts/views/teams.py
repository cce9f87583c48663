"""`/api/teams/`: the teams of salespeople, for admins."""

from typing import Any, cast

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.actions.teams import create_team, delete_team, update_team
from accounts.authentication import user_of
from accounts.models import Team
from accounts.permissions import IsAdmin
from accounts.serializers import TeamRow, TeamSerializer, team_data
from core.documentation import documented
from core.idempotency import AnswersOnce
from core.versions import KnowsVersions, refuse_stale


class TeamViewSet(KnowsVersions, AnswersOnce, GenericViewSet[Team]):
    """The teams of salespeople. A team's managers see and hand over the customers of its members."""

    queryset = Team.objects.order_by("name", "pk")
    shape = TeamRow
    serializer_class = TeamSerializer
    permission_classes = (IsAdmin,)
    filter_backends = []
    lookup_value_regex = r"\d{1,18}"
    # A team is locked before its people.
    compares_itself = frozenset({"update", "partial_update", "destroy"})

    def get_queryset(self) -> Any:
        return super().get_queryset().prefetch_related("members", "managers")

    def list(self, request: Request) -> Response:
        """List the teams, by name."""
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response([team_data(team) for team in page])

    def retrieve(self, request: Request, pk: str) -> Response:
        """Get one team."""
        return Response(team_data(self.get_object()))

    @documented(request_body=TeamSerializer, responses={201: TeamRow})
    def create(self, request: Request) -> Response:
        """Create a team. Its members and managers are active salespeople; everybody is in one team at most."""
        team = create_team(actor=user_of(request), **self._given(None))
        return Response(team_data(team), status=status.HTTP_201_CREATED)

    @documented(request_body=TeamSerializer(partial=True), responses={200: TeamRow})
    def update(self, request: Request, pk: str) -> Response:
        """Change a team. Only the fields that are given change; lists replace who was there.

        Open sockets of managers gain and lose the chats of members who come and go.
        """
        team = self.get_object()
        changes = self._given(team)
        return Response(team_data(update_team(actor=user_of(request), team=team, check=self._check, **changes)))

    @documented(request_body=TeamSerializer(partial=True), responses={200: TeamRow})
    def partial_update(self, request: Request, pk: str) -> Response:
        """The same as PUT."""
        return self.update(request, pk)

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a team. Its people stay; its managers no longer see the customers of its members."""
        delete_team(actor=user_of(request), team=self.get_object(), check=self._check)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _given(self, team: Team | None) -> dict[str, Any]:
        shown = None if team is None else cast(dict[str, Any], team_data(team))
        body = TeamSerializer(team, data=self.request.data, partial=team is not None, shown=shown)
        body.is_valid(raise_exception=True)
        given: dict[str, Any] = body.validated_data
        return given

    def _check(self, team: Team) -> None:
        refuse_stale(self.request, team_data(team))
