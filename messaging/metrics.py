"""What `/metrics` says of messages, files and business numbers (setting METRICS)."""

from collections.abc import Iterator

from django.db.models import Count
from django.utils import timezone
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from core.metrics import LATELY
from messaging.models import RANK, Attachment, AttachmentState, BusinessNumber, Direction, Message, Status
from messaging.readiness import oldest_due_seconds


def metrics() -> Iterator[Metric]:
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
