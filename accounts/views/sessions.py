"""`/api/auth/sessions/`: where somebody is signed in, and signing out there."""

from typing import Annotated, TypedDict, cast

from django.http import Http404
from django.utils import timezone
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actions.sessions import end_other_sessions, end_session
from accounts.authentication import user_of
from accounts.models import Session, SessionKind, SessionQuerySet
from accounts.permissions import OwnAccount
from core.documentation import documented
from core.shapes import Time
from core.timestamps import iso


class SessionRow(TypedDict):
    """One place where you are signed in."""

    id: Annotated[str, "a UUID"]
    kind: Annotated[str, SessionKind, "api: the console or another front end; admin: Django admin"]
    started_at: Annotated[Time, "when you signed in"]
    last_seen_at: Annotated[Time, "when it was used last, to within some minutes"]
    address: Annotated[str, "where you signed in from"]
    user_agent: Annotated[str, "the browser or program you signed in with, as it calls itself"]
    current: Annotated[bool, "whether it is the one that asks"]


def _row(session: Session, current: Session) -> SessionRow:
    return SessionRow(
        id=str(session.pk),
        kind=session.kind,
        started_at=iso(session.created_at),
        last_seen_at=iso(session.last_seen_at),
        address=session.address,
        user_agent=session.user_agent,
        current=session.pk == current.pk,
    )


class SessionsView(GenericAPIView[Session]):
    permission_classes = (OwnAccount,)
    queryset = Session.objects.none()
    pagination_class = None
    filter_backends = ()

    @documented(responses={200: list[SessionRow]})
    def get(self, request: Request) -> Response:
        """List where you are signed in. Your sessions that have not ended, newest first."""
        mine = _current(request)
        return Response([_row(session, mine) for session in _listed(request)])

    @documented(operation_id="auth_sessions_end_others", responses={204: "You are signed out everywhere else."})
    def delete(self, request: Request) -> Response:
        """Sign out everywhere else. All your sessions but the one that asks end at once."""
        end_other_sessions(user=user_of(request), keep=_current(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class SessionView(GenericAPIView[Session]):
    permission_classes = (OwnAccount,)
    queryset = Session.objects.none()

    @documented(responses={204: "That session has ended."})
    def delete(self, request: Request, pk: str) -> Response:
        """Sign out in one place. One of your sessions ends at once, maybe the one that asks."""
        session = next((one for one in _listed(request) if str(one.pk) == pk), None)
        if session is None:
            raise Http404
        end_session(session=session, actor=user_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _current(request: Request) -> Session:
    return cast(Session, request.auth)


def _listed(request: Request) -> SessionQuerySet:
    return Session.objects.listed(timezone.now()).filter(user=user_of(request))
