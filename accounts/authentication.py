"""Authentication: an access token names a session, and the session must be live."""

from typing import cast

from django.http import HttpRequest
from rest_framework import HTTP_HEADER_ENCODING
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from accounts.actions.sessions import see, session_of_token
from accounts.models import Session, User
from accounts.tokens import SessionOver
from core import origin
from core.calls import note_user

CHALLENGE = 'Bearer realm="api"'


def user_of(request: Request | HttpRequest) -> User:
    """Return the login that sent the request. Only for views whose permissions refuse anonymous requests."""
    return cast(User, request.user)


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>`. Sets `request.user`, and `request.auth` to the Session.

    One query loads both. Anything but a token of a live session is answered with 401.
    """

    def authenticate(self, request: Request) -> tuple[User, Session] | None:
        raw = _token_in(request.META.get("HTTP_AUTHORIZATION", ""))
        if raw is None:
            return None
        session, _ = session_of_token(raw)
        origin.signed_in(session.pk)
        note_user(session.user_id)
        see(session)
        return session.user, session

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def user_id_of(header: str) -> int:
    """Return the id of the login that an Authorization header names, outside of DRF.

    Raises SessionOver as BearerAuthentication does, and NotAuthenticated if there is no token.
    """
    raw = _token_in(header)
    if raw is None:
        raise NotAuthenticated
    session, _ = session_of_token(raw)
    return session.user_id


def _token_in(header: str | bytes) -> str | None:
    """Return the token in an Authorization header, or None if the header uses another scheme."""
    text = header.decode(HTTP_HEADER_ENCODING) if isinstance(header, bytes) else header
    scheme, _, token = text.strip().partition(" ")
    if scheme.lower() != "bearer":
        return None
    if not token.strip() or " " in token.strip():
        raise SessionOver("The Authorization header must be `Bearer <access token>`.")
    return token.strip()
