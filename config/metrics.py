"""`/metrics` for Prometheus: what is waiting, what is paused and what happened in the last minutes.

Every number comes from the database, so all processes give the same answer. What only one process knows, such as its
memory and its requests, is better measured by the process manager and the proxy.
"""

import ipaddress
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from config.health import oldest_due_seconds
from messaging.models import RANK, Attachment, AttachmentState, BusinessNumber, Direction, Message, PauseKind, Status
from whatsapp.models import WebhookEvent, WebhookState

# The time that metrics named `..._last_5_minutes` cover.
LATELY = timedelta(minutes=5)
# Headers in which proxies name the client.
_OF_PROXIES = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")


class _Collected(Collector):
    def collect(self) -> Iterator[Metric]:
        yield from _of_messages()
        yield from _of_webhooks()


def metrics(request: HttpRequest) -> HttpResponse | None:
    """Return the page as text or, if requested, as OpenMetrics; 503 without a database; None if it may not be seen."""
    if not _may_see(request):
        return None
    registry = CollectorRegistry()
    registry.register(_Collected())
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    try:
        return HttpResponse(encode(registry), content_type=content_type)
    except (DatabaseError, InterfaceError):
        connection.close()  # it may be broken; the next request opens a new one
        return HttpResponse("The database does not answer.\n", status=503, content_type="text/plain")


def _may_see(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        if constant_time_compare(given, f"Bearer {settings.METRICS_TOKEN}"):
            return True
    # Behind a proxy on this machine every request comes from loopback, but then it has one of these headers.
    if any(header in request.headers for header in _OF_PROXIES):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:  # a Unix socket has no address
        return False


def _of_messages() -> Iterator[Metric]:
    """Metrics of unfinished and recent messages. Each query uses its own index."""
    yield _unfinished()
    yield GaugeMetricFamily(
        "patter_message_oldest_due_seconds",
        "How long the oldest message that is due has been waiting.",
        oldest_due_seconds(),
    )
    yield _lately()
    yield GaugeMetricFamily(
        "patter_downloads_pending",
        "Files from customers that have not been downloaded yet.",
        Attachment.objects.filter(state=AttachmentState.PENDING).count(),
    )
    yield GaugeMetricFamily(
        "patter_conversions_pending",
        "Files of the desk that are not converted, or looked at, yet.",
        Attachment.objects.filter(prepared=False).count(),
    )
    yield _paused()


def _unfinished() -> Metric:
    family = GaugeMetricFamily("patter_messages_unfinished", "Messages that have not been sent yet.", labels=["status"])
    unfinished = Message.objects.filter(status__in=(Status.QUEUED, Status.SENDING)).order_by()
    counts = dict(unfinished.values_list("status").annotate(Count("pk")))
    for status in (Status.QUEUED, Status.SENDING):
        family.add_metric([status.value], counts.get(status, 0))
    return family


def _lately() -> Metric:
    """Includes every pair, even at 0: an alert on a series that comes and goes never fires."""
    family = GaugeMetricFamily(
        "patter_messages_last_5_minutes",
        "Messages of the last five minutes by direction and status.",
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
        "patter_business_number_paused", "1 while the number is paused.", labels=["transport", "number"]
    )
    now = timezone.now()
    for number in BusinessNumber.objects.order_by("pk"):
        paused = number.pause_kind == PauseKind.UNREACHABLE or (number.paused_until or now) > now
        family.add_metric([number.transport, number.external_id], int(paused))
    return family


def _of_webhooks() -> Iterator[Metric]:
    """Metrics of the stored webhooks: how many are waiting, have failed, and arrive."""
    now = timezone.now()
    found = WebhookEvent.objects.open_by_state()

    family = GaugeMetricFamily(
        "patter_webhooks_open",
        "Webhooks that have not been handled yet (pending), could not be handled (failed), or wait for a message that "
        "they change (waiting).",
        labels=["state"],
    )
    for state in (WebhookState.PENDING, WebhookState.FAILED, WebhookState.WAITING):
        family.add_metric([state.value], found[state][0] if state in found else 0)
    yield family

    oldest = found[WebhookState.PENDING][1] if WebhookState.PENDING in found else None
    yield GaugeMetricFamily(
        "patter_webhook_oldest_pending_seconds",
        "How long the oldest pending webhook has been waiting.",
        (now - oldest).total_seconds() if oldest else 0,
    )
    yield GaugeMetricFamily(
        "patter_webhooks_last_5_minutes",
        "Webhooks delivered by Meta in the last five minutes.",
        WebhookEvent.objects.filter(received_at__gt=now - LATELY).count(),
    )
