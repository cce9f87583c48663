"""What the report on response times counts, and for whom."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from statistics import median
from typing import Annotated, Any, TypedDict

from django.db.models import F, Q
from django.db.models.functions import Coalesce

from accounts.models import User
from core.db.reports import may_be_old
from customers.models import Assignment, Customer
from messaging.actions.answering import HAD, Had, owner_among
from messaging.actions.working_hours import hours_by_number, hours_of
from messaging.hours import Hours
from messaging.models import NOT_WAITED_FOR, SENT, BusinessNumber, Closing, Direction, Message, Status
from messaging.response_times import Answer, Closed, Response, Said, Talk, replay

BY = ("owner", "team", "number", "day")
# Loaded together.
_CUSTOMERS = 500


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


@dataclass
class _Counted:
    conversations: int = 0
    first: list[float] = field(default_factory=list)
    all: list[float] = field(default_factory=list)


def response_rows(user: User, begin: datetime, end: datetime, by: str) -> list[ResponseTimesRow]:
    """The rows of the report for those whom `user` may see: admins all, managers their teams, sales themselves."""
    names = _Names(by)
    counted: dict[Any, _Counted] = defaultdict(_Counted)
    whose = None if user.is_admin else frozenset(user.desk_owners)
    hours = _Working()
    for owner_id, talks, responses in _chats(begin, end, whose):
        for talk in talks:
            of = talk.first.answer.owner_id if talk.first is not None else owner_id
            if begin <= talk.began < end and (whose is None or of in whose):
                row = counted[names.key(of, talk.number_id, talk.began)]
                row.conversations += 1
                if talk.first is not None:
                    row.first.append(hours.between(talk.first))
        for response in responses:
            of = response.answer.owner_id
            if begin <= response.since < end and (whose is None or of in whose):
                counted[names.key(of, response.number_id, response.since)].all.append(hours.between(response))
    rows = [_row(names.shown(key), one) for key, one in counted.items()]
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


def _spread(seconds: list[float]) -> Spread:
    if not seconds:
        return {"median": None, "p90": None}
    ordered = sorted(seconds)
    return {"median": round(median(ordered), 6), "p90": ordered[math.ceil(len(ordered) * 9 / 10) - 1]}


class _Working:
    """Seconds of working time, by the hours of the number that the customer wrote to."""

    def __init__(self) -> None:
        self._rows, self._hours = hours_by_number(), dict[int, Hours]()

    def between(self, response: Response) -> float:
        if response.number_id not in self._hours:
            self._hours[response.number_id] = hours_of(self._rows, response.number_id)
        return self._hours[response.number_id].working_time(response.since, response.answer.at).total_seconds()


class _Names:
    """What the rows are called."""

    def __init__(self, by: str) -> None:
        self._by = by
        self._users = {user.pk: user for user in User.objects.select_related("team")} if by in ("owner", "team") else {}
        self._teams = {user.team.pk: user.team.name for user in self._users.values() if user.team is not None}
        self._numbers = {number.pk: number for number in BusinessNumber.objects.all()} if by == "number" else {}

    def key(self, owner_id: int | None, number_id: int, at: datetime) -> Any:
        """What tells the row of something apart from others."""
        if self._by == "owner":
            return owner_id
        if self._by == "team":
            owner = self._users.get(owner_id or 0)
            return owner.team_id if owner is not None else None
        return number_id if self._by == "number" else at.astimezone(UTC).date().isoformat()

    def shown(self, key: Any) -> Key:
        if self._by == "day":
            return {"id": key, "name": key}
        if key is None:
            return {"id": None, "name": "Nobody" if self._by == "owner" else "No team"}
        if self._by == "number":
            number = self._numbers[key]
            return {"id": key, "name": number.display or number.external_id}
        if self._by == "owner":
            return {"id": key, "name": self._users[key].name if key in self._users else f"#{key}"}
        return {"id": key, "name": self._teams[key]}


def _chats(
    begin: datetime, end: datetime, whose: frozenset[int] | None
) -> Iterator[tuple[int | None, list[Talk], list[Response]]]:
    """The chats in which a customer wrote in the period: the owner, and what is replayed from all of their messages."""
    wrote = Message.objects.filter(direction=Direction.INBOUND, ordered_at__gte=begin, created_at__lt=end)
    customers = may_be_old(Customer.objects.filter(pk__in=wrote.order_by().values("customer"))).order_by("pk")
    if whose is not None:
        sent = Message.objects.filter(sent_for__in=whose, ordered_at__gte=begin).order_by().values("customer")
        had = Assignment.objects.filter(salesperson__in=whose).order_by().values("customer")
        customers = customers.filter(Q(owner__in=whose) | Q(pk__in=sent) | Q(pk__in=had))
    owners: list[tuple[int, int | None]] = list(customers.values_list("pk", "owner_id"))
    for start in range(0, len(owners), _CUSTOMERS):
        some = dict(owners[start : start + _CUSTOMERS])
        closings, had_by = _closings(some), _Owners(some)
        for customer_id, messages in groupby(_messages(some), itemgetter("customer_id")):
            rows = list(messages)
            talks, responses = replay(_said(rows), had_by.answers(rows), closings[customer_id])
            yield some[customer_id], talks, responses


def _messages(customers: Iterable[int]) -> Iterable[dict[str, Any]]:
    inbound = Q(direction=Direction.INBOUND) & ~Q(type__in=NOT_WAITED_FOR) & ~Q(status=Status.READ, read_at=None)
    sent = Q(direction=Direction.OUTBOUND, status__in=SENT, automatic=False) & ~Q(type="reaction")
    went_out = Coalesce("sent_at", "delivered_at", "read_at", "ordered_at")
    rows = may_be_old(Message.objects.filter(inbound | sent, customer__in=list(customers))).annotate(went_out=went_out)
    found: Iterable[dict[str, Any]] = rows.order_by("customer_id").values(
        "customer_id", "id", "direction", "created_at", "ordered_at", "went_out", "deleted_at", "sender_id", "sent_for",
        "business_number_id",
    ).iterator()  # fmt: skip
    return found


def _said(rows: Iterable[dict[str, Any]]) -> Iterator[Said]:
    for row in rows:
        if row["direction"] == Direction.INBOUND:
            number_id = row["business_number_id"]
            yield Said(row["id"], row["created_at"], row["ordered_at"], number_id, row["deleted_at"])


def _closings(customers: Iterable[int]) -> dict[int, list[Closed]]:
    found: dict[int, list[Closed]] = defaultdict(list)
    for customer_id, at in may_be_old(Closing.objects.filter(customer__in=list(customers))).values_list(
        "customer", "at"
    ):
        found[customer_id].append(Closed(at))
    return found


class _Owners:
    """Who owned the chats of some customers when they were answered."""

    def __init__(self, owners: dict[int, int | None]) -> None:
        self._owners = owners
        self._had: dict[int, list[Had]] = defaultdict(list)
        had = may_be_old(Assignment.objects.filter(customer__in=list(owners))).order_by(F("assigned_at").desc(), "-pk")
        for row in had.values_list("customer", *HAD):
            self._had[row[0]].append(row[1:])

    def answers(self, rows: Iterable[dict[str, Any]]) -> Iterator[Answer]:
        for row in rows:
            if row["direction"] != Direction.OUTBOUND:
                continue
            by_phone = row["sender_id"] is None
            at = row["ordered_at"] if by_phone else max(row["went_out"], row["ordered_at"])
            owner_id = row["sent_for"]
            if owner_id is None:
                # Nobody's, or sent before that was noted.
                pk = row["customer_id"]
                owner_id = owner_among(self._had[pk], at, otherwise=self._owners[pk])
            yield Answer(row["id"], at, owner_id, by_phone)
