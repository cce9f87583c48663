"""What the report on response times counts, and for whom.

It goes through all messages of a month, maybe a million: rows are tuples, and times whole microseconds.
"""

import math
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Annotated, Any, TypedDict

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from accounts.models import Team, User
from core.db.microseconds import Microseconds, microseconds
from core.db.reports import may_be_old
from customers.models import Assignment, Customer
from messaging.actions.answering import HAD, owner_among
from messaging.actions.working_hours import hours_by_number, hours_of
from messaging.models import NOT_WAITED_FOR, SENT, BusinessNumber, Closing, Direction, Message, Status
from messaging.response_times import ANSWERED, CLOSED, SAID, Response, Step, Talk, replay
from messaging.working_clock import WorkingClock

BY = ("owner", "team", "number", "day")
# Customers whose chats are loaded together.
_CUSTOMERS = 10_000
# Rows fetched together.
_ROWS = 5_000
# Hardly anybody waits longer for an answer that counts: for how long before the period working time is looked up.
_BEFORE = timedelta(days=30)
_DAY = 24 * 60 * 60 * 1_000_000
_FIRST_DAY = date(1970, 1, 1).toordinal()


class Key(TypedDict):
    """What a row is about."""

    id: Annotated[int | str | None, "the id; of a day its date; null: nobody, or no team"]
    name: str


class Spread(TypedDict):
    """How long something took, in seconds of working time."""

    median: Annotated[float | None, "half of them took no longer; null: there are none"]
    p90: Annotated[float | None, "nine of ten took no longer, by nearest rank; null: there are none"]


class ResponseTimesRow(TypedDict):
    """The response times of somebody, of a team or number, or of a day."""

    key: Key
    conversations: Annotated[int, "conversations that began in the period"]
    answered: Annotated[int, "those in which somebody has answered"]
    unanswered: Annotated[int, "those in which nobody has"]
    first_response: Annotated[Spread, "the first responses of the answered ones"]
    response: Annotated[Spread, "all responses to customers who began to wait in the period"]


def _numbers() -> "array[int]":
    return array("q")


@dataclass(slots=True)
class _Counted:
    """Microseconds of working time."""

    conversations: int = 0
    first: "array[int]" = field(default_factory=_numbers)
    all: "array[int]" = field(default_factory=_numbers)


def response_rows(user: User, begin: datetime, end: datetime, by: str) -> list[ResponseTimesRow]:
    """The rows of the report for those whom `user` may see: admins all, managers their teams, sales themselves."""
    names = _Names(by)
    counted: dict[int | None, _Counted] = defaultdict(_Counted)
    whose = None if user.is_admin else frozenset(user.desk_owners)
    hours = _Working(begin - _BEFORE, max(end, timezone.now()))
    since, until = microseconds(begin), microseconds(end)
    for owner_id, talks, responses in _chats(begin, end, whose):
        for talk in talks:
            of = talk.first.owner if talk.first is not None else owner_id
            if since <= talk.began < until and (whose is None or of in whose):
                row = counted[names.key(of, talk.number, talk.began)]
                row.conversations += 1
                if talk.first is not None:
                    row.first.append(hours.between(talk.first))
        for response in responses:
            if since <= response.since < until and (whose is None or response.owner in whose):
                key = names.key(response.owner, response.number, response.since)
                counted[key].all.append(hours.between(response))
    shown = names.shown(counted)
    rows = [_row(shown[key], one) for key, one in counted.items()]
    return sorted(rows, key=lambda row: (row["key"]["name"].casefold(), str(row["key"]["id"])))


def _row(key: Key, one: _Counted) -> ResponseTimesRow:
    return {
        "key": key,
        "conversations": one.conversations,
        "answered": len(one.first),
        "unanswered": one.conversations - len(one.first),
        "first_response": _spread(one.first),
        "response": _spread(one.all),
    }


def _spread(took: "array[int]") -> Spread:
    if not took:
        return {"median": None, "p90": None}
    ordered, middle = sorted(took), len(took) // 2
    half = ordered[middle] if len(took) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    return {"median": round(half / 1e6, 6), "p90": ordered[math.ceil(len(took) * 9 / 10) - 1] / 1e6}


class _Working:
    """Working time, by the hours of the number that the customer wrote to."""

    def __init__(self, first: datetime, last: datetime) -> None:
        self._rows, self._stretch = hours_by_number(), (first, last)
        self._clocks: dict[int, WorkingClock] = {}

    def between(self, response: Response) -> int:
        clock = self._clocks.get(response.number)
        if clock is None:
            hours = hours_of(self._rows, response.number)
            clock = self._clocks[response.number] = WorkingClock(hours, *self._stretch)
        return clock.between(response.since, response.at)


class _Names:
    """What the rows are about, and what they are called."""

    def __init__(self, by: str) -> None:
        self._by = by
        members = User.objects.filter(team__isnull=False) if by == "team" else User.objects.none()
        self._team_of = dict(members.values_list("pk", "team_id"))

    def key(self, owner_id: int | None, number_id: int, at: int) -> int | None:
        """What tells the row of something apart from others."""
        if self._by == "owner":
            return owner_id
        if self._by == "team":
            return self._team_of.get(owner_id or 0)
        return number_id if self._by == "number" else at // _DAY

    def shown(self, keys: Iterable[int | None]) -> dict[int | None, Key]:
        """What the rows with these keys are called."""
        if self._by == "day":
            days = {key: date.fromordinal(_FIRST_DAY + key).isoformat() for key in keys if key is not None}
            return {key: {"id": day, "name": day} for key, day in days.items()}
        models: dict[str, Any] = {"owner": User, "team": Team, "number": BusinessNumber}
        found = models[self._by].objects.in_bulk([key for key in keys if key is not None])
        return {key: {"id": key, "name": self._name(key, found.get(key))} for key in keys}

    def _name(self, key: int | None, row: Any) -> str:
        if key is None:
            return "Nobody" if self._by == "owner" else "No team"
        if row is None:
            return f"#{key}"
        name: str = row.display or row.external_id if self._by == "number" else row.name
        return name


def _chats(
    begin: datetime, end: datetime, whose: frozenset[int] | None
) -> Iterator[tuple[int | None, list[Talk], list[Response]]]:
    """The chats in which a customer wrote in the period: the owner, and what is replayed from all of their messages."""
    # Who writes by a clock that is ahead of ours waits since the message came.
    before = Q(created_at__lt=end) | Q(ordered_at__lt=end)
    wrote = Message.objects.filter(before, direction=Direction.INBOUND, ordered_at__gte=begin)
    customers = may_be_old(Customer.objects.filter(pk__in=wrote.order_by().values("customer"))).order_by("pk")
    if whose is not None:
        sent = Message.objects.filter(sent_for__in=whose, ordered_at__gte=begin).order_by().values("customer")
        had = Assignment.objects.filter(salesperson__in=whose).order_by().values("customer")
        customers = customers.filter(Q(owner__in=whose) | Q(pk__in=sent) | Q(pk__in=had))
    owners: list[tuple[int, int | None]] = list(customers.values_list("pk", "owner_id"))
    for start in range(0, len(owners), _CUSTOMERS):
        some = dict(owners[start : start + _CUSTOMERS])
        closings, owned = _closings(some), _had(some)
        for customer_id, messages in groupby(_messages(some), itemgetter(0)):
            owner_id = some[customer_id]
            steps = sorted([*messages, *closings.get(customer_id, ())])
            talks, responses = replay(steps, partial(owner_among, owned.get(customer_id, []), otherwise=owner_id))
            yield owner_id, talks, responses


class _Kind(Case):
    """A number that nobody has to convert (`Microseconds`)."""

    get_db_converters = Microseconds.get_db_converters


def _messages(customers: Iterable[int]) -> Iterable[tuple[Any, ...]]:
    """What customers said, and what answers it, with the columns of `Step`: together those of a customer."""
    inbound = Q(direction=Direction.INBOUND) & ~Q(type__in=NOT_WAITED_FOR) & ~Q(status=Status.READ, read_at=None)
    sent = Q(direction=Direction.OUTBOUND, status__in=SENT, automatic=False) & ~Q(type="reaction")
    went_out = Greatest(Coalesce("sent_at", "delivered_at", "read_at", "ordered_at"), "ordered_at")
    by_desk = Q(direction=Direction.OUTBOUND, sender__isnull=False)
    rows = may_be_old(Message.objects.filter(inbound | sent, customer__any=Value(list(customers)))).order_by(
        "customer_id"
    )
    found: QuerySet[Any, tuple[Any, ...]] = rows.values_list(
        "customer_id",
        Microseconds(Case(When(by_desk, then=went_out), default="ordered_at")),
        _Kind(When(direction=Direction.INBOUND, then=Value(SAID)), default=Value(ANSWERED)),
        "id",
        "business_number_id",
        Microseconds("created_at"),
        Microseconds("deleted_at"),
        "sender_id",
        "sent_for",
    )
    return found.iterator(chunk_size=_ROWS)


def _closings(customers: Iterable[int]) -> dict[int, list[Step]]:
    found: dict[int, list[Step]] = defaultdict(list)
    closings = may_be_old(Closing.objects.filter(customer__any=Value(list(customers))))
    for customer_id, at in closings.values_list("customer", Microseconds("at")):
        found[customer_id].append(Step(customer_id, at, CLOSED))
    return found


def _had(customers: Iterable[int]) -> dict[int, list[tuple[int, int | None, int]]]:
    """Who had the chats of some customers, and when, newest first."""
    found: dict[int, list[tuple[int, int | None, int]]] = defaultdict(list)
    had = may_be_old(Assignment.objects.filter(customer__any=Value(list(customers)))).order_by(
        F("assigned_at").desc(), "-pk"
    )
    since, until, salesperson = HAD
    rows = had.values_list("customer", Microseconds(since), Microseconds(until), salesperson)
    for customer_id, assigned_at, ended_at, seller_id in rows:
        found[customer_id].append((assigned_at, ended_at, seller_id))
    return found
