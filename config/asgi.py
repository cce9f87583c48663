"""The whole of Patter as one ASGI application: `uvicorn config.asgi:application`.

HTTP goes through a thread pool and WSGI: DRF's views are synchronous, and that was measured 1.6 times as
fast as Django's own ASGI handler (docs/decisions/001-architecture.md). WebSockets go through Channels.
"""

import logging
import os
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from core.live.publishing import attach

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Apps are loaded before anything below is imported: consumers use models.
wsgi_application = get_wsgi_application()

from channels.routing import URLRouter  # noqa: E402

from config.asgi_types import Receive, Scope, Send  # noqa: E402
from config.bridge import Bridge  # noqa: E402
from config.middleware import SpoolBody  # noqa: E402
from config.urls import websocket_urlpatterns  # noqa: E402
from core.logs import HideSecrets  # noqa: E402
from messaging.consumers.handshake import handshake  # noqa: E402
from messaging.relay.loop import EmbeddedRelay  # noqa: E402

logger = logging.getLogger("patter")

# SQLite with synchronous=FULL and 12 writing threads: p99 330 ms (DESIGN section 12).
THREADS = 8

for name in ("uvicorn.access", "uvicorn.error"):
    logging.getLogger(name).addFilter(HideSecrets())

http = SpoolBody(Bridge(wsgi_application, THREADS))
websocket: Any = handshake(URLRouter(websocket_urlpatterns))


async def lifespan(receive: Receive, send: Send) -> None:
    """Give the event loop to the live channel and, embedded, run the relay as long as the server runs."""
    relay: EmbeddedRelay | None = None
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            attach()
            if settings.EMBEDDED:
                relay = EmbeddedRelay()
                try:
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


async def route(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "http":
        await http(scope, receive, send)
    elif scope["type"] == "websocket":
        await websocket(scope, receive, send)


# uvicorn's scopes are TypedDicts.
application: Any = ProxyHeadersMiddleware(route, trusted_hosts=settings.FORWARDED_ALLOW_IPS)  # type: ignore[arg-type]
