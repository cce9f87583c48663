"""How a socket signs in: with `["bearer", "<access token>"]` as subprotocols, with `?token=`, or with `?ticket=`.

Neither tokens nor tickets are logged (core/logs.py), and from here on no URL has them any more.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import ExitStack
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import Error
from django.http.request import split_domain_port, validate_host
from rest_framework.exceptions import AuthenticationFailed

from accounts.actions.sessions import read_access_token
from accounts.actions.tickets import claims_of_ticket
from accounts.tokens import Claims
from core.live.hub import Hub
from core.live.publishing import attach
from messaging.consumers.places import TRY_LATER, places_of
from messaging.consumers.threads import in_thread

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
ASGIApp = Callable[[Scope, Any, Any], Awaitable[None]]

BEARER = "bearer"
# The close code for a host that is not ours; the same as for an origin that is not.
WRONG_HOST = 4403
# The parameters that nobody may see.
SECRET = frozenset({"token", "ticket"})


def handshake(app: ASGIApp) -> ASGIApp:
    """Put `credentials` (Claims; None if there are no good ones) and `origin_allowed` into the scope of every socket.

    Whether the session is live is asked later, together with all else that the socket needs. `unavailable` says that
    the database could not be asked about a ticket. The secrets are taken out of the query string.

    Refuses hosts that are not in ALLOWED_HOSTS, and sockets of an address from which too many are not signed in yet.
    """

    async def with_credentials(scope: Scope, receive: Any, send: Any) -> None:
        hub = attach()
        await _turns_of(hub).wait()
        if not _host_allowed(scope):
            return await _refuse(scope, receive, send, WRONG_HOST)
        scope["origin_allowed"] = _origin_allowed(scope)
        scope["credentials"], scope["unavailable"] = None, False
        query = query_of(scope)
        if query.keys() & SECRET:
            rest = {name: values for name, values in query.items() if name not in SECRET}
            scope["query_string"] = urlencode(rest, doseq=True).encode()
        if scope["origin_allowed"]:
            scope["credentials"] = _claims_of_token(scope, query)
        if scope["credentials"] is not None:
            return await app(scope, receive, send)
        with ExitStack() as stack:
            if not stack.enter_context(places_of(hub).for_stranger((scope.get("client") or [""])[0])):
                return await _refuse(scope, receive, send, TRY_LATER)
            if scope["origin_allowed"]:
                await _try_ticket(scope, query)
            if scope["credentials"] is not None:
                stack.close()
            await app(scope, receive, send)

    return with_credentials


async def _refuse(scope: Scope, receive: Any, send: Any, code: int) -> None:
    """Close a socket. It is accepted first, because otherwise a browser gets no code."""
    await receive()
    await send({"type": "websocket.accept", "subprotocol": BEARER if BEARER in _offered(scope) else None})
    await send({"type": "websocket.close", "code": code})


def _offered(scope: Scope) -> list[str]:
    offered: list[str] = scope.get("subprotocols") or []
    return offered


def _host_allowed(scope: Scope) -> bool:
    """Whether Patter is reached by a name of ALLOWED_HOSTS, as Django asks of requests."""
    host, _ = split_domain_port(_header(scope, b"host"))
    return bool(host) and validate_host(host, settings.ALLOWED_HOSTS)


def _header(scope: Scope, name: bytes) -> str:
    value: bytes = dict(scope.get("headers") or []).get(name, b"")
    return value.decode("latin1").lower()


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
    host = _header(scope, b"host")
    return f"{'https' if scope.get('scheme') == 'wss' else 'http'}://{host}"


def _token_in(scope: Scope, query: dict[str, list[str]]) -> str:
    offered = _offered(scope)
    return offered[1] if len(offered) == 2 and offered[0] == BEARER else query.get("token", [""])[0]


def _claims_of_token(scope: Scope, query: dict[str, list[str]]) -> Claims | None:
    """What a good token says; its signature alone is looked at."""
    token = _token_in(scope, query)
    try:
        return read_access_token(token) if token else None
    except AuthenticationFailed:
        return None


async def _try_ticket(scope: Scope, query: dict[str, list[str]]) -> None:
    """Use up the ticket, if there is no token."""
    ticket = query.get("ticket", [""])[0]
    if not ticket or _token_in(scope, query):
        return
    try:
        scope["credentials"] = await in_thread(claims_of_ticket, ticket)
    except Error as error:
        logger.error("a socket could not sign in: %s", error)
        scope["unavailable"] = True


def _origin_allowed(scope: Scope) -> bool:
    """Whether the page that opened the socket may do so. Programs name no page; they have no cookies to abuse."""
    origin, host = _header(scope, b"origin"), _header(scope, b"host")
    if not origin:
        return True
    try:
        page = urlsplit(origin).netloc
    except ValueError:  # brackets without an address
        return False
    return page == host or origin in {allowed.lower() for allowed in settings.CORS_ALLOWED_ORIGINS}
