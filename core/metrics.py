"""Prometheus' page, `/metrics`: what waits, what is paused and what happened lately (setting METRICS).

Every number is asked of the database, so that whichever process answers says the same. What one process alone
would know, its memory or its requests, is left to what runs it and to the proxy before it.
"""

import ipaddress
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from core.ports import ports

# What metrics named `..._last_5_minutes` count.
LATELY = timedelta(minutes=5)
# What proxies say of those for whom they ask.
_OF_PROXIES = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")


class _Collected(Collector):
    def collect(self) -> Iterator[Metric]:
        for collect in ports("METRICS"):
            yield from collect()


def metrics(request: HttpRequest) -> HttpResponse | None:
    """The page as text or, when asked for, OpenMetrics; 503 without a database; None for who may not see it."""
    if not _may_see(request):
        return None
    registry = CollectorRegistry()
    registry.register(_Collected())
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    try:
        return HttpResponse(encode(registry), content_type=content_type)
    except (DatabaseError, InterfaceError):
        connection.close()  # the next request gets a new one, this one may be broken
        return HttpResponse("The database does not answer.\n", status=503, content_type="text/plain")


def _may_see(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        if constant_time_compare(given, f"Bearer {settings.METRICS_TOKEN}"):
            return True
    # Behind a proxy on this machine the whole world comes from loopback, and a proxy says for whom it asks.
    if any(header in request.headers for header in _OF_PROXIES):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:  # a Unix socket has no address
        return False
