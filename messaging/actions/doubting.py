"""After a restored backup nobody knows which messages were sent: those that may have been become uncertain."""

from datetime import datetime
from typing import Any

from django.db import transaction

from customers.actions.locking import lock_customer_of
from customers.events import record
from customers.models import CustomerNotFound
from messaging.models import Message, Status
from messaging.serializers.messages import status_data

REASON: dict[str, Any] = {
    "code": "restored",
    "title": "It may have been sent before a backup was restored",
    "detail": "Check the chat on the phone. If it is not there, send it again.",
    "retryable": True,
}


def doubt_unfinished(*, before: datetime) -> int:
    """Make messages `uncertain` that were created before a time and are on their way out; return how many.

    Each in a transaction of its own: a long queue holds nobody up, and what is done stays done.
    """
    unfinished = Message.objects.unfinished().filter(created_at__lt=before).order_by("pk")
    return sum(_doubt(pk) for pk in list(unfinished.values_list("pk", flat=True)))


@transaction.atomic
def _doubt(pk: int) -> bool:
    row = Message.objects.unfinished().filter(pk=pk)
    try:
        customer = lock_customer_of(row)
    except CustomerNotFound:  # finished or erased meanwhile
        return False
    message = row.first()
    if message is None:
        return False
    message.status, message.error = Status.UNCERTAIN, REASON
    # The claim ends: whatever it comes to after the restore says nothing about what left before it.
    message.claim_token = message.lease_until = None
    message.save(update_fields=["status", "error", "claim_token", "lease_until"])
    record(customer, "message_status", status_data(message))
    return True
