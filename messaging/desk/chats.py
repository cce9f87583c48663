"""Sets of the desk's customers by their chats, and orders by them.

What chats are asked is a condition for rows of theirs, which `with_chat` makes one for customers.
"""

from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from customers.models import CustomerQuerySet
from messaging.channels import channels
from messaging.models import BusinessNumber, ChatState, Conversation

# How many messages of a customer are unread, as an expression to order by.
UNREAD = Coalesce("conversation__unread_count", 0)
# The columns of other orders.
WAITING_SINCE = "conversation__waiting_since"
WRITTEN_AT = "conversation__last_inbound_at"

# The condition for open chats that wait for an answer.
WAITING = Q(state=ChatState.OPEN, waiting_since__isnull=False)
# The condition for chats with unread messages.
HAS_UNREAD = Q(unread_count__gt=0)


def with_chat(customers: CustomerQuerySet, chats: Q) -> CustomerQuerySet:
    """Those who have a chat for which this is true."""
    return customers.filter(_of_conversation(chats))


def _of_conversation(chats: Q) -> Q:
    """A condition for chats as one for their customers."""
    children: list[Any] = list(chats.children)
    parts = (_of_conversation(one) if isinstance(one, Q) else (f"conversation__{one[0]}", one[1]) for one in children)
    return Q(*parts, _connector=chats.connector, _negated=chats.negated)


def without_chat(customers: CustomerQuerySet, chats: Q) -> CustomerQuerySet:
    """Those who have no chat for which this is true, or no chat at all."""
    return customers.filter(~Exists(Conversation.objects.filter(chats, customer=OuterRef("pk"))))


def window_closes(*, within: timedelta) -> Q:
    """The condition for chats whose service window is open now, and closes within a time."""
    now = timezone.now()
    closing = (
        _on(name) & Q(last_inbound_at__gt=now - window, last_inbound_at__lte=now - window + within)
        for name, window in _windows()
        if window is not None
    )
    return reduce(or_, closing, Q(pk__in=[]))


def window_open(now: datetime) -> Q:
    """The condition for chats in which anything may be written: the service window is open, or there is none."""
    writable = (
        _on(name) if window is None else _on(name) & Q(last_inbound_at__gt=now - window) for name, window in _windows()
    )
    return reduce(or_, writable, Q(pk__in=[]))


def _windows() -> list[tuple[str, timedelta | None]]:
    return [(name, channel.service_window) for name, channel in channels().items()]


def _on(channel: str) -> Q:
    """The condition for chats on a channel. Without a join: there are few numbers."""
    return Q(business_number__in=BusinessNumber.objects.filter(transport=channel).order_by())


def in_turn(customers: CustomerQuerySet, *, has_unread: bool | None = None) -> list[Any]:
    """Customers ordered by a column of their chats, as those with a value and all others: an index orders each.

    Other orders are one part. If all of them have unread messages, or none has, `has_unread` says which.
    """
    by: Any = customers.query.order_by
    order, *others = by
    expression = getattr(order, "expression", None)
    if expression == UNREAD:
        count = F("conversation__unread_count")
        by_count = [count.desc() if order.descending else count.asc(), *others]
        if has_unread is not None:
            return [customers.order_by(*(by_count if has_unread else others))]
        some = with_chat(customers, HAS_UNREAD).order_by(*by_count)
        none = without_chat(customers, HAS_UNREAD).order_by(*others)
        return [some, none] if order.descending else [none, some]
    if expression in (F(WAITING_SINCE), F(WRITTEN_AT)):
        column = expression.name.removeprefix("conversation__")
        has = {f"{column}__isnull": False}
        some = customers.filter(**{f"{expression.name}__isnull": False})
        some = some.order_by(expression.desc() if order.descending else expression.asc(), *others)
        return [some, without_chat(customers, Q(**has)).order_by(*others)]
    return [customers]
