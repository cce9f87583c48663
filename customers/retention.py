"""Rows of this app that are kept for a limited time (setting RETENTION)."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from core.retention import Old
from customers.models import Event


def old_rows() -> list[Old]:
    """Events older than EVENT_RETENTION_DAYS. A socket that asks for one gets `resync_required`."""
    before = timezone.now() - timedelta(days=settings.EVENT_RETENTION_DAYS)
    return [Old("events", Event.objects.filter(created_at__lt=before))]
