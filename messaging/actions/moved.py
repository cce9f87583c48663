"""Not two at once: whoever writes can say how far they have read, and is stopped if the chat has moved on."""

from typing import Annotated, NotRequired

from django.db.models import BigIntegerField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from accounts.models import User
from core.files.links import Links
from customers.models import Customer, Event
from messaging.errors import Conflict, Refusal
from messaging.models import NOT_WAITED_FOR, Direction
from messaging.serializers.messages import MessageRow, RecordedMessage, message_data, shown_messages, with_links
from messaging.serializers.waiting import with_waiting

# The newest of them are shown; who missed more loads the chat again.
MOST = 100


class SendConflict(Conflict):
    """Why a message is not sent."""

    messages: NotRequired[Annotated[list[MessageRow], "with `chat_moved`: what you have not seen, oldest first"]]
    last_seq: NotRequired[Annotated[int, "with `chat_moved`: the `seq` of the newest event, for the next try"]]


class ChatMoved(Refusal):
    """Somebody has written meanwhile; `messages` says what, without the URLs that are made for each reader."""

    default_code = "chat_moved"

    def __init__(self, messages: list[RecordedMessage], *, last_seq: int) -> None:
        super().__init__(
            "There are messages that you have not seen. Read them, and send again if it still fits.",
            messages=messages,
            last_seq=last_seq,
        )

    def shown_to(self, links: Links) -> "ChatMoved":
        """The same, as the user of `links` sees it."""
        self.body["messages"] = [with_links(message, links) for message in self.body["messages"]]
        return self


def refuse_if_moved(customer: Customer, *, since: int | None, actor: User) -> None:
    """Raise ChatMoved if a message that `actor` has not seen was recorded after the event `since`; None: never.

    The customer is locked. What counts is what customers wrote, and what others at the desk or with the phone app
    answered. Not `actor`'s own messages, automatic ones, or what WhatsApp itself says. If the log no longer reaches
    back to `since`, nobody knows what came after it, and whatever they wrote counts.
    """
    if since is None or since >= customer.last_seq:
        return
    theirs = shown_messages().filter(customer=customer.pk).exclude(sender=actor.pk, direction=Direction.OUTBOUND)
    theirs = theirs.exclude(automatic=True).exclude(type__in=NOT_WAITED_FOR)
    events = Event.objects.filter(customer=customer.pk, seq__gt=since)
    if events.filter(seq=since + 1).exists():
        recorded = events.filter(type="chat_message").annotate(message=Cast(KT("data__id"), BigIntegerField()))
        theirs = theirs.filter(pk__in=recorded.values("message"))
    if rows := list(theirs.order_by("-pk")[:MOST])[::-1]:
        raise ChatMoved([message_data(row) for row in with_waiting(rows)], last_seq=customer.last_seq)
