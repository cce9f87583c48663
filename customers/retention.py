"""What customers keep for a time only (setting RETENTION)."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from core.retention import Old
from customers.models import Event


def old_rows() -> list[Old]:
    """Events older than EVENT_RETENTION_DAYS. Sockets that come back for one are told to load anew."""
    before = timezone.now() - timedelta(days=settings.EVENT_RETENTION_DAYS)
    return [Old("events", Event.objects.filter(created_at__lt=before))]
