"""What waits: messages to send, webhooks to handle, and the daily chores."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from core.models import Chore
from messaging.relay.turns import oldest_due
from whatsapp.doctor.findings import BROKEN, OK, WARNING, Finding
from whatsapp.models import WebhookEvent, WebhookState

LONG = timedelta(seconds=60)


def look_at_queue() -> Iterator[Finding]:
    """Whether somebody works on the queues."""
    now = timezone.now()
    waiting = WebhookEvent.objects.filter(state=WebhookState.PENDING).order_by("received_at").first()
    since = [at for at in (oldest_due(), waiting and waiting.received_at) if at is not None]
    if since and now - min(since) > LONG:
        runs = "manage.py relay" if settings.REDIS_URL else "the server"
        text = f"something has been waiting for {(now - min(since)).total_seconds():.0f} s."
        yield Finding("queue", BROKEN, text, f"Start {runs}, or read its log.")
    else:
        yield Finding("queue", OK, "nothing waits for long.")
    if failed := WebhookEvent.objects.filter(state=WebhookState.FAILED).count():
        todo = "Django admin, webhook events, shows why; manage.py replay_webhooks --failed tries again."
        yield Finding("queue", WARNING, f"{failed} webhooks could not be handled.", todo)
    for chore in Chore.objects.exclude(error=""):
        yield Finding("chores", WARNING, f"{chore.name} failed.", "Django admin, chores, shows why.")
