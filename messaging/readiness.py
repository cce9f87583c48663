"""What `/readyz` says of the messages on their way (setting READINESS_CHECKS)."""

from django.utils import timezone

from core.health import Check
from core.times import iso
from messaging.models import BusinessNumber, Message, Status


def numbers() -> Check:
    """The business numbers that send nothing at the moment. No fault of this process, so never a failure."""
    paused = BusinessNumber.objects.filter(paused_until__gt=timezone.now()).order_by("pk")
    rows = [{"number": str(number), "until": iso(number.paused_until), "reason": number.reason} for number in paused]
    return Check("business_numbers", True, {"paused": rows})


def queue() -> Check:
    """For how long the oldest message that is due has been waiting: grows when no relay runs."""
    return Check("queue", True, {"oldest_seconds": oldest_due_seconds()})


def oldest_due_seconds() -> float:
    """Seconds, to a tenth; 0 when nothing is due."""
    now = timezone.now()
    due = Message.objects.filter(status=Status.QUEUED, not_before__lte=now).order_by("not_before")
    oldest = due.values_list("not_before", flat=True).first()
    return round((now - oldest).total_seconds(), 1) if oldest else 0
