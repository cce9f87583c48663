"""How a socket signs in: with `["bearer", "<access token>"]` as subprotocols, or with `?ticket=`.

Neither tokens nor tickets are logged (core/logs.py), and a ticket in a URL is good for 30 seconds only.
"""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import Error
from rest_framework.exceptions import AuthenticationFailed

from accounts.actions.sessions import redeem_ticket, session_of_token
from accounts.models import Session

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
ASGIApp = Callable[[Scope, Any, Any], Awaitable[None]]

BEARER = "bearer"


@dataclass(frozen=True)
class Credentials:
    """Who opened a socket, and until when it may stay open."""

    session: Session
    expires_at: datetime


def handshake(app: ASGIApp) -> ASGIApp:
    """Put `credentials` (None if there are no good ones) and `origin_allowed` into the scope of every socket.

    `unavailable` says that the database could not be asked for them.

    Nothing is refused here: a browser gets a close code only from a socket that was accepted.
    """

    async def with_credentials(scope: Scope, receive: Any, send: Any) -> None:
        scope["origin_allowed"] = _origin_allowed(scope)
        scope["credentials"], scope["unavailable"] = None, False
        if scope["origin_allowed"]:
            try:
                scope["credentials"] = await database_sync_to_async(_authenticate, thread_sensitive=False)(scope)
            except Error as error:
                logger.error("a socket could not sign in: %s", error)
                scope["unavailable"] = True
        await app(scope, receive, send)

    return with_credentials


def query_of(scope: Scope) -> dict[str, list[str]]:
    """The socket's query parameters. What cannot be read is left out."""
    try:
        return parse_qs(scope.get("query_string", b"").decode("latin1"), max_num_fields=20, errors="replace")
    except ValueError:  # more parameters than anyone needs
        return {}


def origin_of(scope: Scope) -> str:
    """The address by which the client reached Patter, as the start of a URL: `https://desk.example`."""
    host = dict(scope.get("headers") or []).get(b"host", b"").decode("latin1")
    return f"{'https' if scope.get('scheme') == 'wss' else 'http'}://{host}"


def _authenticate(scope: Scope) -> Credentials | None:
    subprotocols = scope.get("subprotocols") or []
    if len(subprotocols) == 2 and subprotocols[0] == BEARER:
        try:
            return Credentials(*session_of_token(subprotocols[1]))
        except AuthenticationFailed:
            return None
    ticket = query_of(scope).get("ticket", [""])[0]
    session = redeem_ticket(ticket) if ticket else None
    return Credentials(session, session.expires_at) if session is not None else None


def _origin_allowed(scope: Scope) -> bool:
    """Whether the page that opened the socket may do so. Programs name no page; they have no cookies to abuse."""
    headers = dict(scope.get("headers") or [])
    origin = headers.get(b"origin", b"").decode("latin1").lower()
    if not origin:
        return True
    host = headers.get(b"host", b"").decode("latin1").lower()
    try:
        page = urlsplit(origin).netloc
    except ValueError:  # brackets without an address
        return False
    return page == host or origin in {allowed.lower() for allowed in settings.CORS_ALLOWED_ORIGINS}
