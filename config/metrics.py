"""Prometheus' page, `/metrics`: what waits, what is paused and what happened lately.

Every number is asked of the database, so that whichever process answers says the same. What one process alone
would know, its memory or its requests, is left to what runs it and to the proxy before it.
"""

import ipaddress
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Count, Min, Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from config.health import oldest_due_seconds
from messaging.models import RANK, Attachment, AttachmentState, BusinessNumber, Direction, Message, Status
from whatsapp.models import WebhookEvent, WebhookState

# What metrics named `..._last_5_minutes` count.
LATELY = timedelta(minutes=5)
# What proxies say of those for whom they ask.
_OF_PROXIES = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")


class _Collected(Collector):
    def collect(self) -> Iterator[Metric]:
        yield from _of_messages()
        yield from _of_webhooks()


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


def _of_messages() -> Iterator[Metric]:
    """Families of messages on their way and of the last five minutes; each is found by an index of its own."""
    yield _unfinished()
    yield GaugeMetricFamily(
        "patter_message_oldest_due_seconds",
        "For how long the oldest message that is due has been waiting.",
        oldest_due_seconds(),
    )
    yield _lately()
    yield GaugeMetricFamily(
        "patter_downloads_pending",
        "Files of customers that are not fetched yet.",
        Attachment.objects.filter(state=AttachmentState.PENDING).count(),
    )
    yield _paused()


def _unfinished() -> Metric:
    family = GaugeMetricFamily("patter_messages_unfinished", "Messages that have not left yet.", labels=["status"])
    unfinished = Message.objects.filter(status__in=(Status.QUEUED, Status.SENDING)).order_by()
    counts = dict(unfinished.values_list("status").annotate(Count("pk")))
    for status in (Status.QUEUED, Status.SENDING):
        family.add_metric([status.value], counts.get(status, 0))
    return family


def _lately() -> Metric:
    """Every pair that there is, at 0 too: an alert on a series that comes and goes never fires."""
    family = GaugeMetricFamily(
        "patter_messages_last_5_minutes",
        "Messages of the last five minutes, by what became of them.",
        labels=["direction", "status"],
    )
    lately = Message.objects.filter(ordered_at__gt=timezone.now() - LATELY).order_by()
    rows = lately.values_list("direction", "status").annotate(Count("pk"))
    counts = {(direction, status): count for direction, status, count in rows}
    lives = {Direction.INBOUND: [Status.RECEIVED, Status.READ], Direction.OUTBOUND: list(RANK)}
    for direction, statuses in lives.items():
        for status in statuses:
            family.add_metric([direction.value, status.value], counts.get((direction.value, status.value), 0))
    return family


def _paused() -> Metric:
    family = GaugeMetricFamily(
        "patter_business_number_paused", "1 while the number sends nothing.", labels=["transport", "number"]
    )
    now = timezone.now()
    for number in BusinessNumber.objects.order_by("pk"):
        paused = number.paused_until is not None and number.paused_until > now
        family.add_metric([number.transport, number.external_id], int(paused))
    return family


def _of_webhooks() -> Iterator[Metric]:
    """Families of the raw webhooks: what still waits, what was given up, and how many come."""
    now = timezone.now()
    # Written as the index webhook_event_open has it.
    open_ = WebhookEvent.objects.filter(~Q(state="done")).order_by()
    rows = open_.values_list("state").annotate(Count("pk"), Min("received_at"))
    found = {state: (count, oldest) for state, count, oldest in rows}

    family = GaugeMetricFamily(
        "patter_webhooks_open", "Webhooks that are not handled (pending) or were given up (failed).", labels=["state"]
    )
    for state in (WebhookState.PENDING, WebhookState.FAILED):
        family.add_metric([state.value], found.get(state, (0, None))[0])
    yield family

    oldest = found.get(WebhookState.PENDING, (0, None))[1]
    yield GaugeMetricFamily(
        "patter_webhook_oldest_pending_seconds",
        "For how long the oldest webhook that is not handled has been waiting.",
        (now - oldest).total_seconds() if oldest else 0,
    )
    yield GaugeMetricFamily(
        "patter_webhooks_last_5_minutes",
        "Webhooks that Meta delivered in the last five minutes.",
        WebhookEvent.objects.filter(received_at__gt=now - LATELY).count(),
    )
