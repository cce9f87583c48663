"""Sets of the desk's customers by their chats, and orders by them."""

from datetime import timedelta
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


def with_unread(customers: CustomerQuerySet) -> CustomerQuerySet:
    """Those with unread messages."""
    return customers.filter(conversation__unread_count__gt=0)


def without_unread(customers: CustomerQuerySet) -> CustomerQuerySet:
    """Those who have no unread messages, or no chat at all."""
    return _without(customers, Q(unread_count__gt=0))


def waiting(customers: CustomerQuerySet) -> CustomerQuerySet:
    """Those in whose open chat something is not answered."""
    return customers.filter(conversation__state=ChatState.OPEN, conversation__waiting_since__isnull=False)


def not_waiting(customers: CustomerQuerySet) -> CustomerQuerySet:
    """All others."""
    return _without(customers, WAITING)


def window_closing(customers: CustomerQuerySet, *, within: timedelta) -> CustomerQuerySet:
    """Those whose service window is open now, and closes within a time."""
    return customers.filter(window_closes(within=within, prefix="conversation__"))


def window_closes(*, within: timedelta, prefix: str = "") -> Q:
    """The condition for chats whose service window is open now, and closes within a time.

    `prefix` leads from the rows to their chat.
    """
    now = timezone.now()
    windows = {name: channel.service_window for name, channel in channels().items()}
    closing = (
        Q(
            **{
                # Without a join: there are few numbers.
                f"{prefix}business_number__in": BusinessNumber.objects.filter(transport=name).order_by(),
                f"{prefix}last_inbound_at__gt": now - window,
                f"{prefix}last_inbound_at__lte": now - window + within,
            }
        )
        for name, window in windows.items()
        if window is not None
    )
    return reduce(or_, closing, Q(pk__in=[]))


def _without(customers: CustomerQuerySet, chats: Q) -> CustomerQuerySet:
    return customers.filter(~Exists(Conversation.objects.filter(chats, customer=OuterRef("pk"))))


def in_turn(customers: CustomerQuerySet) -> list[Any]:
    """Customers ordered by a column of their chats, as those with a value and all others: an index orders each.

    Other orders are one part.
    """
    by: Any = customers.query.order_by
    order, *others = by
    expression = getattr(order, "expression", None)
    if expression == UNREAD:
        count = F("conversation__unread_count")
        some = with_unread(customers).order_by(count.desc() if order.descending else count.asc(), *others)
        none = without_unread(customers).order_by(*others)
        return [some, none] if order.descending else [none, some]
    if expression in (F(WAITING_SINCE), F(WRITTEN_AT)):
        column = expression.name.removeprefix("conversation__")
        has = {f"{column}__isnull": False}
        some = customers.filter(**{f"{expression.name}__isnull": False})
        some = some.order_by(expression.desc() if order.descending else expression.asc(), *others)
        return [some, _without(customers, Q(**has)).order_by(*others)]
    return [customers]
