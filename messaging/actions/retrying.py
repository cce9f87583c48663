"""Sending again what failed, or of which nobody knows whether it was sent."""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core.live.publishing import wake_relays
from customers.actions.locking import lock_customer_of
from customers.events import record
from messaging.actions.preparing import convert_again
from messaging.actions.reactions import show_own_reaction
from messaging.actions.sending import WITHOUT_WINDOW, require_window
from messaging.channels import channel_of
from messaging.errors import Blocked, NotRetryable
from messaging.models import UNTIL_CONVERTED, Direction, Message, Status
from messaging.serializers.messages import status_data


@transaction.atomic
def retry_message(*, message: Message, actor: User) -> Message:
    """Queue a failed or uncertain message again. From now on `actor` needs the right to send it.

    Raises NotRetryable for any other status, Blocked, OutsideServiceWindow, Http404 when the chat is not the actor's.
    """
    customer = lock_customer_of(Message.objects.filter(pk=message.pk), actor=actor)
    message.refresh_from_db()
    if message.direction != Direction.OUTBOUND or message.status not in (Status.FAILED, Status.UNCERTAIN):
        raise NotRetryable(message.status)
    if customer.blocked_at is not None:
        raise Blocked
    if message.type not in WITHOUT_WINDOW:
        require_window(customer, message.business_number)
    channel_of(message.business_number).recheck(message)
    message.status = Status.QUEUED
    message.error = None
    message.wamid = None
    # Of the attempt before: it reached nobody.
    message.sent_at = message.delivered_at = message.read_at = None
    message.attempts = 0
    message.retry_seconds = None
    message.retried_by = actor
    message.claim_token = message.lease_until = None
    message.not_before = UNTIL_CONVERTED if convert_again(message) else timezone.now()
    message.save()
    data = status_data(message)
    record(customer, "message_status", data, actor=actor, verb="message_retried", about=message, changes={})
    if message.type == "reaction":
        show_own_reaction(customer, message, actor=actor)
    wake_relays()
    return message
