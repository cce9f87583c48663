"""What `/metrics` says of the webhook inbox (setting METRICS)."""

from collections.abc import Iterator

from django.db.models import Count, Min, Q
from django.utils import timezone
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from core.metrics import LATELY
from whatsapp.models import WebhookEvent, WebhookState


def metrics() -> Iterator[Metric]:
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
