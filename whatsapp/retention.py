"""Rows of WhatsApp that are kept for a limited time (setting RETENTION)."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from core.retention import Old
from messaging.models import StatusUpdate
from whatsapp.models import WebhookEvent, WebhookState


def old_rows() -> list[Old]:
    """Raw webhooks, handled or failed, and statuses of messages that never turned up.

    A failed one may contain a customer's message. `patter_webhooks_open` and Django admin show it until then.
    """
    before = timezone.now() - timedelta(days=settings.WEBHOOK_RETENTION_DAYS)
    return [
        Old("raw webhooks", WebhookEvent.objects.exclude(state=WebhookState.PENDING).filter(received_at__lt=before)),
        Old("statuses of unknown messages", StatusUpdate.objects.waiting().filter(received_at__lt=before)),
    ]
