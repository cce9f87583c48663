"""How the desk is doing: who waits, what came and went, what did not go out, and how fast customers are answered.

Each figure is one statement with an index of its own, so that they cost the same with a million messages.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import Count, Min, QuerySet
from django.db.models.functions import TruncHour
from django.utils import timezone

from core.db.reports import may_be_old
from messaging.desk.chats import WAITING
from messaging.models import Conversation, Direction, Message, Status

# From how many of the newest messages of the day response times are worked out.
NEWEST = 5_000


def waiting_chats() -> QuerySet[Conversation]:
    """Open chats in which the customer wrote something that nobody has answered."""
    return Conversation.objects.filter(WAITING, merged_into=None)


@dataclass(frozen=True)
class Found:
    """How many there are, and since when the oldest is there."""

    count: int
    oldest: datetime | None


def waiting() -> Found:
    """The chats that wait for an answer."""
    return _counted(waiting_chats(), "waiting_since")


def unsent(*statuses: Status, since: datetime | None = None) -> Found:
    """The outbound messages with one of these statuses."""
    rows = Message.objects.filter(status__in=statuses)
    return _counted(rows if since is None else rows.filter(ordered_at__gte=since), "ordered_at")


def _counted(rows: QuerySet[Any], at: str) -> Found:
    found = rows.order_by().aggregate(count=Count("pk"), oldest=Min(at))
    return Found(found["count"], found["oldest"])


def hourly(day: datetime) -> list[tuple[datetime, int, int]]:
    """How many messages came in and went out in each hour of a day: `(hour, in, out)`, all hours of the day.

    `day` is its midnight; hours are those of its time zone.
    """
    rows = Message.objects.bubbles().filter(ordered_at__gte=day, ordered_at__lt=day + timedelta(days=1)).order_by()
    hours = may_be_old(rows).annotate(hour=TruncHour("ordered_at", tzinfo=day.tzinfo)).values_list("hour", "direction")
    counts: Counter[tuple[datetime, str]] = Counter()
    for hour, direction, count in hours.annotate(Count("pk")):
        counts[hour, direction] += count  # the hour that comes twice when the clocks go back
    day_hours = [timezone.localtime(day + timedelta(hours=number), day.tzinfo) for number in range(24)]
    return [(hour, counts[hour, Direction.INBOUND.value], counts[hour, Direction.OUTBOUND.value]) for hour in day_hours]


def response_times(since: datetime) -> list[timedelta]:
    """How long customers waited for each answer since a time, by the newest messages from then on.

    From the first message that was not answered to the next one from the desk; what Patter sends by itself is none.
    """
    rows = Message.objects.bubbles().filter(ordered_at__gte=since).newest_first()
    newest = may_be_old(rows).values_list("customer_id", "direction", "sender_id", "ordered_at")[:NEWEST]
    return list(_waits(reversed(list(newest))))


def _waits(messages: Iterable[tuple[int, str, int | None, datetime]]) -> Iterable[timedelta]:
    asked: dict[int, datetime] = {}
    for customer, direction, sender, at in messages:
        if direction == Direction.INBOUND:
            asked.setdefault(customer, at)
        elif sender is not None and customer in asked:
            yield at - asked.pop(customer)


def middle(times: list[timedelta]) -> timedelta | None:
    """The time that half of the answers took at the most."""
    return timedelta(seconds=median(time.total_seconds() for time in times)) if times else None
