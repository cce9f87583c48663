"""All of Patter as one ASGI application: `uvicorn config.asgi:application`.

HTTP requests are handled through WSGI in threads (config/lanes.py). DRF's views are synchronous, and this is 1.6 times
as fast as Django's own ASGI handler (docs/decisions/001-architecture.md). WebSockets are handled by Channels.
"""

import asyncio
import gc
import logging
import secrets
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from config.start import require_settings

require_settings()

from core.db.encoding import refuse_wrong_encoding  # noqa: E402
from core.db.patience import requests, use_in_process  # noqa: E402
from core.files.storage import stored_files  # noqa: E402
from core.live.publishing import attach  # noqa: E402

# Loads the apps, which must happen before the imports below: consumers use models.
wsgi_application = get_wsgi_application()
use_in_process(requests())

from channels.routing import URLRouter  # noqa: E402

from config.asgi_types import Message, Receive, Scope, Send  # noqa: E402
from config.bodies import SpoolBody  # noqa: E402
from config.bridge import Bridge  # noqa: E402
from config.ending import end_on_hangup, hear_who_has_connected, notice_dead_clients  # noqa: E402
from config.health import LIVE  # noqa: E402
from config.lanes import Lanes  # noqa: E402
from config.urls import websocket_urlpatterns  # noqa: E402
from config.webhook import Webhook  # noqa: E402
from core import calls, request_id  # noqa: E402
from core.logs import Once, prepare_server_logs  # noqa: E402
from messaging.consumers.handshake import handshake  # noqa: E402
from messaging.relay.loop import EmbeddedRelay  # noqa: E402

logger = logging.getLogger("patter")

prepare_server_logs()

LIVE_HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(LIVE))]
lanes = Lanes()
http = SpoolBody(Webhook(Bridge(wsgi_application, lanes)), lanes.uploads)
websocket: Any = handshake(URLRouter(websocket_urlpatterns))


def spare_what_stays() -> None:
    """Let the garbage collector pass over all that is loaded by now.

    While it looks at everything it stops every thread and the event loop, which took 100 ms at a time while exports
    were made. It takes 15 ms if it leaves out what stays as long as the process.
    """
    gc.collect()
    gc.freeze()


async def lifespan(receive: Receive, send: Send) -> None:
    """Attach the event loop to the live channel. Without Redis, also run the relay as long as the server runs."""
    relay: EmbeddedRelay | None = None
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            attach()
            end_on_hangup()
            notice_dead_clients()
            hear_who_has_connected()
            spare_what_stays()
            try:
                await asyncio.to_thread(refuse_wrong_encoding)
                await asyncio.to_thread(stored_files().refuse_unusable)
                if settings.EMBEDDED:
                    relay = EmbeddedRelay()
                    await relay.start()
            except RuntimeError as error:
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            if relay is not None:
                await relay.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return


async def livez(send: Send) -> None:
    """Answer `/livez` without a thread: as long as this loop runs, the process lives, whatever its threads wait for."""
    headers = [*LIVE_HEADERS, (b"x-request-id", request_id.current().encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": LIVE})


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request, under an id by which the log and the answer name it, and log what became of it."""
    request_id.begin(dict(scope["headers"]).get(b"x-request-id", b"").decode("latin1"))
    call = calls.Call(scope["method"], request_id.current())
    calls.begin(call)

    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start":
            call.answers(message["status"])
        await send(message)

    try:
        if scope["path"] == "/livez":
            call.route = "livez"
            await livez(noting)
        else:
            _notice_a_proxy_that_is_not_believed(scope)
            await http(scope, receive, noting)
    finally:
        calls.finish(call)


async def serve_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a socket, and log when it ends, with the code that closed it."""
    call = calls.Call("WEBSOCKET", secrets.token_hex(16), _route_of_socket(scope["path"]))

    async def hearing() -> Message:
        message = await receive()
        if message["type"] == "websocket.disconnect" and call.status is None:
            call.answers(message.get("code") or 1005)
        return message

    async def noting(message: Message) -> None:
        if message["type"] == "websocket.close" and call.status is None:
            call.answers(message.get("code") or 1000)
        await send(message)

    # Not as the current call: tasks that a socket starts may serve all of them.
    scope["call"] = call
    try:
        await websocket(scope, hearing, noting)
    finally:
        calls.finish(call)


def _route_of_socket(path: str) -> str:
    for one in websocket_urlpatterns:
        if one.pattern.match(path.removeprefix("/")):
            return str(one.pattern)
    return ""


_believed = Once(60.0)


def _notice_a_proxy_that_is_not_believed(scope: Scope) -> None:
    """Say once a minute why everything is redirected in a circle: this server does not believe that TLS was there."""
    if not settings.HTTPS_ONLY or scope["scheme"] == "https":
        return
    if dict(scope["headers"]).get(b"x-forwarded-proto") == b"https" and _believed.now():
        peer = (scope.get("client") or ["a Unix socket"])[0]
        logger.warning(
            "%s says that a request came over TLS, but FORWARDED_ALLOW_IPS does not name it, so the request is "
            "redirected. If it is your proxy, add it there.",
            peer,
        )


async def route(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "http":
        await answer(scope, receive, send)
    elif scope["type"] == "websocket":
        await serve_socket(scope, receive, send)


# uvicorn's scopes are TypedDicts.
application: Any = ProxyHeadersMiddleware(route, trusted_hosts=settings.FORWARDED_ALLOW_IPS)  # type: ignore[arg-type]
