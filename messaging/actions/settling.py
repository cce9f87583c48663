"""An uncertain message that nobody reports on is settled by a person who looked into the chat on the phone."""

from typing import Any

from django.db import transaction

from accounts.models import User
from customers.actions.locking import lock_customer_of
from customers.events import record
from messaging.actions.answering import end_waiting, note_owner
from messaging.actions.reactions import withdraw_reaction
from messaging.errors import NotUncertain
from messaging.models import Message, Status
from messaging.serializers.messages import status_data

NOT_SENT: dict[str, Any] = {
    "code": "not_sent",
    "title": "Somebody looked, and it was not sent",
    "detail": "Send it again.",
    "retryable": True,
}


@transaction.atomic
def settle_message(*, message: Message, was_sent: bool, actor: User) -> Message:
    """Say of an uncertain message that it was sent, or that it was not; one that was not can be sent again.

    Nothing is sent by this. What the provider still reports counts for more. Raises NotUncertain for any other
    status, and Http404 when the chat is no longer the actor's.
    """
    customer = lock_customer_of(Message.objects.filter(pk=message.pk), actor=actor)
    message.refresh_from_db()
    if message.status != Status.UNCERTAIN:
        raise NotUncertain(message.status)
    # The claim stays, so that a late answer finds the message. When it left, only the provider knows.
    message.status, message.error = (Status.SENT, None) if was_sent else (Status.FAILED, NOT_SENT)
    note_owner(customer, message, before=None)
    message.save(update_fields=["status", "error", "sent_for"])
    end_waiting(customer, message, before=None)
    record(
        customer, "message_status", status_data(message), actor=actor, verb="message_settled", about=message, changes={}
    )
    if not was_sent:
        withdraw_reaction(customer, message)
    return message
