"""How a socket signs in: with `["bearer", "<access token>"]` as subprotocols, with `?token=`, or with `?ticket=`.

Neither tokens nor tickets are logged (core/logs.py), and from here on no URL has them any more.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import Error
from rest_framework.exceptions import AuthenticationFailed

from accounts.actions.sessions import read_access_token
from accounts.actions.tickets import claims_of_ticket
from accounts.tokens import Claims
from core.live.hub import Hub
from core.live.publishing import attach
from messaging.consumers.threads import in_thread

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
ASGIApp = Callable[[Scope, Any, Any], Awaitable[None]]

BEARER = "bearer"
# The parameters that nobody may see.
SECRET = frozenset({"token", "ticket"})


def handshake(app: ASGIApp) -> ASGIApp:
    """Put `credentials` (Claims; None if there are no good ones) and `origin_allowed` into the scope of every socket.

    Whether the session is live is asked later, together with all else that the socket needs. `unavailable` says that
    the database could not be asked about a ticket. The secrets are taken out of the query string.

    Nothing is refused here: a browser gets a close code only from a socket that was accepted.
    """

    async def with_credentials(scope: Scope, receive: Any, send: Any) -> None:
        await _turns_of(attach()).wait()
        scope["origin_allowed"] = _origin_allowed(scope)
        scope["credentials"], scope["unavailable"] = None, False
        query = query_of(scope)
        if query.keys() & SECRET:
            rest = {name: values for name, values in query.items() if name not in SECRET}
            scope["query_string"] = urlencode(rest, doseq=True).encode()
        if scope["origin_allowed"]:
            try:
                scope["credentials"] = await _authenticate(scope, query)
            except Error as error:
                logger.error("a socket could not sign in: %s", error)
                scope["unavailable"] = True
        await app(scope, receive, send)

    return with_credentials


class _Turns:
    """Lets one socket in each time the event loop goes round.

    A thousand that come at once would otherwise be let in one after the other, and whatever else the loop has to do
    would wait for the last of them: /livez for half a second.
    """

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._waiting.append(turn := loop.create_future())
        if len(self._waiting) == 1:
            loop.call_soon(self._next, loop)
        await turn

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        turn = self._waiting.popleft()
        if not turn.done():
            turn.set_result(None)
        if self._waiting:
            loop.call_soon(self._next, loop)


_turns: "WeakKeyDictionary[Hub, _Turns]" = WeakKeyDictionary()


def _turns_of(hub: Hub) -> _Turns:
    return _turns.setdefault(hub, _Turns())


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


async def _authenticate(scope: Scope, query: dict[str, list[str]]) -> Claims | None:
    subprotocols = scope.get("subprotocols") or []
    offered = len(subprotocols) == 2 and subprotocols[0] == BEARER
    token = subprotocols[1] if offered else query.get("token", [""])[0]
    if not token:
        ticket = query.get("ticket", [""])[0]
        return await in_thread(claims_of_ticket, ticket) if ticket else None
    try:
        return read_access_token(token)
    except AuthenticationFailed:
        return None


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
