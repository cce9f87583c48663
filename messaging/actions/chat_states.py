"""Closing, snoozing and opening a chat, and marking it as unread."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from accounts.models import User
from accounts.serializers import user_ref
from core.changes import changed
from core.timestamps import iso
from customers.actions.locking import lock
from customers.events import record
from customers.models import Customer
from messaging.models import ChatState, Closing, Conversation, Direction, Message, Status
from messaging.serializers.chat_states import state_data

LONGEST_SNOOZE = timedelta(days=366)


@transaction.atomic
def close_chat(*, customer_id: int, actor: User) -> None:
    """Close a chat: nothing is to be done until the customer writes again. One that waits for an answer still does.

    Nothing happens if it is closed. Raises ValidationError when there is no chat, and Http404 when the customer is not
    on the actor's desk.
    """
    customer = lock(customer_id, actor=actor)
    if _change(customer, _chat_of(customer), ChatState.CLOSED, actor=actor):
        Closing.objects.create(customer=customer, at=timezone.now(), by=actor)


@transaction.atomic
def reopen_chat(*, customer_id: int, actor: User) -> None:
    """Open a chat that is closed or snoozed. Raises as `close_chat` does."""
    customer = lock(customer_id, actor=actor)
    _change(customer, _chat_of(customer), ChatState.OPEN, actor=actor)


@transaction.atomic
def snooze_chat(*, customer_id: int, until: datetime, actor: User) -> None:
    """Put a chat away until a time, or until the customer writes.

    Raises ValidationError for a time that has passed or is more than LONGEST_SNOOZE away, and as `close_chat` does.
    """
    customer = lock(customer_id, actor=actor)
    now = timezone.now()
    if until <= now:
        raise ValidationError({"until": ["This time has passed."]})
    if until > now + LONGEST_SNOOZE:
        raise ValidationError({"until": [f"A chat can be snoozed for {LONGEST_SNOOZE.days} days at the most."]})
    _change(customer, _chat_of(customer), ChatState.SNOOZED, until=until, actor=actor)


@transaction.atomic
def mark_unread(*, customer_id: int, actor: User) -> None:
    """Make the last message of the customer unread again, as a reminder for the desk. The customer is not told.

    Nothing happens in a chat with something unread. Raises ValidationError when the customer has written nothing, and
    Http404 when they are not on the actor's desk.
    """
    customer = lock(customer_id, actor=actor)
    if _chat_of(customer).unread_count:
        return
    written = Message.objects.filter(customer=customer, direction=Direction.INBOUND, deleted_at=None)
    # What was read on arrival is never unread, as what the provider says about a customer.
    newest = written.exclude(status=Status.READ, read_at=None).newest_first().first()
    if newest is None:
        raise ValidationError({"non_field_errors": ["The customer has written nothing that could be unread."]})
    Message.objects.filter(pk=newest.pk).update(status=Status.RECEIVED, read_at=None)
    Conversation.objects.filter(customer=customer).update(unread_count=1)
    data = {"message": newest.pk, "unread_count": 1, "by": user_ref(actor)}
    record(customer, "marked_unread", data, actor=actor, changes={})


@transaction.atomic
def wake_chat(*, customer_id: int) -> None:
    """Open a chat whose snooze has ended. Raises CustomerNotFound."""
    customer = lock(customer_id)
    chat: Conversation | None = Conversation.objects.filter(customer=customer).first()
    if chat is not None and chat.snoozed_until is not None and chat.snoozed_until <= timezone.now():
        _change(customer, chat, ChatState.OPEN, actor=None)


def _chat_of(customer: Customer) -> Conversation:
    chat: Conversation | None = Conversation.objects.filter(customer=customer).first()
    if chat is None:
        raise ValidationError({"non_field_errors": ["There is no chat with this customer yet."]})
    return chat


def _change(
    customer: Customer, chat: Conversation, state: ChatState, *, actor: User | None, until: datetime | None = None
) -> bool:
    """Give a chat a state, unless it has it."""
    if (chat.state, chat.snoozed_until) == (state, until):
        return False
    was = {"state": chat.state, "snoozed_until": iso(chat.snoozed_until)}
    Conversation.objects.filter(customer=customer).update(state=state, snoozed_until=until)
    data = state_data(state, until, actor)
    became = {"state": data["state"], "snoozed_until": data["snoozed_until"]}
    record(customer, "chat_state_changed", data, actor=actor, changes=changed(was, became))
    return True
