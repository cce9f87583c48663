"""All of Patter as one ASGI application: `uvicorn config.asgi:application`.

HTTP requests are handled through WSGI in threads (config/lanes.py). DRF's views are synchronous, and this is 1.6 times
as fast as Django's own ASGI handler (docs/decisions/001-architecture.md). WebSockets are handled by Channels.
"""

import asyncio
import gc
import logging
import os
import signal
import threading
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from core.db.encoding import refuse_wrong_encoding
from core.db.patience import requests, use_in_process
from core.files.storage import stored_files
from core.live.publishing import attach

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Loads the apps, which must happen before the imports below: consumers use models.
wsgi_application = get_wsgi_application()
use_in_process(requests())

from channels.routing import URLRouter  # noqa: E402

from config.asgi_types import Receive, Scope, Send  # noqa: E402
from config.bodies import SpoolBody  # noqa: E402
from config.bridge import Bridge  # noqa: E402
from config.health import LIVE  # noqa: E402
from config.lanes import Lanes  # noqa: E402
from config.urls import websocket_urlpatterns  # noqa: E402
from config.webhook import Webhook  # noqa: E402
from core import request_id  # noqa: E402
from core.logs import prepare_server_logs  # noqa: E402
from messaging.consumers.handshake import handshake  # noqa: E402
from messaging.relay.loop import EmbeddedRelay  # noqa: E402

logger = logging.getLogger("patter")

prepare_server_logs()

LIVE_HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(LIVE))]
lanes = Lanes()
http = SpoolBody(Webhook(Bridge(wsgi_application, lanes)), lanes.uploads)
websocket: Any = handshake(URLRouter(websocket_urlpatterns))


def end_on_hangup() -> None:
    """Let SIGHUP, which comes when a terminal is closed, end the server as SIGTERM does: it would be killed half-way.

    Whoever has it ignored (nohup) or handles it wants something else.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()  # no other may set it
    if in_main_thread and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))


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


async def route(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "http":
        request_id.begin(dict(scope["headers"]).get(b"x-request-id", b"").decode("latin1"))
        await (livez(send) if scope["path"] == "/livez" else http(scope, receive, send))
    elif scope["type"] == "websocket":
        await websocket(scope, receive, send)


# uvicorn's scopes are TypedDicts.
application: Any = ProxyHeadersMiddleware(route, trusted_hosts=settings.FORWARDED_ALLOW_IPS)  # type: ignore[arg-type]
