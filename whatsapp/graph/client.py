"""pywa's client over our own HTTP connections: one per process and access token."""

import logging
import ssl
import threading
from functools import lru_cache
from typing import Any

import httpx
from django.conf import settings
from pywa.client import WhatsApp
from pywa.utils import Version

from whatsapp.graph.bounds import BoundedClient

# At every timeout pywa suggests using an HTTP client of our own, which we do.
logging.getLogger("pywa").setLevel(logging.ERROR)


@lru_cache(maxsize=1)
def tls() -> ssl.SSLContext:
    """The certificates this machine trusts. Reading them takes 20 ms, so all clients share them."""
    return httpx.create_ssl_context()


class Session(BoundedClient):
    """Remembers the last answer of each thread, because pywa loses it when the body is not what it expects."""

    def __init__(self) -> None:
        self._last = threading.local()
        super().__init__(
            verify=tls(),
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=30),
        )

    def send(self, request: httpx.Request, *, stream: bool = False, **options: Any) -> httpx.Response:
        request.extensions = {**request.extensions, "trace": self._trace}
        response = super().send(request, stream=stream, **options)
        self._last.response = response
        return response

    def _trace(self, step: str, facts: Any) -> None:
        if step.endswith("send_request_headers.complete"):
            self._last.left = True

    def forget(self) -> None:
        self._last.response, self._last.left = None, False

    @property
    def left(self) -> bool:
        """Whether anything of this thread's last request may have left."""
        return bool(getattr(self._last, "left", False))

    @property
    def answer(self) -> httpx.Response | None:
        answer: httpx.Response | None = getattr(self._last, "response", None)
        return answer


_building = threading.Lock()


def _version() -> str:
    return settings.WHATSAPP_GRAPH_VERSION.removeprefix("v") or str(Version.GRAPH_API.value)


def graph_url() -> str:
    """Where Meta's Graph API is, with its version."""
    return f"{settings.WHATSAPP_GRAPH_URL.rstrip('/')}/v{_version()}"


def client_for(token: str) -> tuple[WhatsApp, Session]:
    """The client of an access token. It is kept, with its connections to Meta."""
    version = _version()
    # Without the lock, eight sends at once would each build a client, which is slow.
    with _building:
        return _build(token, settings.WHATSAPP_GRAPH_URL, version)


@lru_cache(maxsize=32)
def _build(token: str, url: str, version: str) -> tuple[WhatsApp, Session]:
    session = Session()
    client = WhatsApp(token=token, session=session, api_version=version, filter_updates=False)
    session.base_url = f"{url.rstrip('/')}/v{version}"  # now, because pywa sets its own while it is built
    return client, session


def clear_clients() -> None:
    """Forget every client (tests)."""
    _build.cache_clear()
