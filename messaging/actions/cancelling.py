"""Taking back a message that is still queued."""

from django.db import transaction

from accounts.models import User
from core.live.publishing import wake_relays
from customers.actions.locking import lock_customer_of
from customers.events import record
from messaging.actions.queueing import tell_next
from messaging.actions.reactions import withdraw_reaction
from messaging.errors import AlreadySent
from messaging.models import Message, Status
from messaging.serializers.messages import status_data


@transaction.atomic
def cancel_message(*, message: Message, actor: User) -> Message:
    """Take back a queued message: it is never sent, and stays in the chat as `cancelled`. The next one has its turn.

    Either this changes the row or the relay's claim does (messaging/relay/claims.py), whichever comes first. Doing it
    twice changes nothing more. Raises AlreadySent for any other status, and Http404 when the chat is no longer the
    actor's.
    """
    customer = lock_customer_of(Message.objects.filter(pk=message.pk), actor=actor)
    queued = Message.objects.filter(pk=message.pk, status=Status.QUEUED)
    taken = queued.update(status=Status.CANCELLED, lease_until=None, claim_token=None)
    message.refresh_from_db()
    if not taken and message.status != Status.CANCELLED:
        raise AlreadySent(message.status)
    if taken:
        data = status_data(message)
        record(customer, "message_status", data, actor=actor, verb="message_cancelled", about=message, changes={})
        withdraw_reaction(customer, message)
        tell_next(customer)
        wake_relays()
    return message
