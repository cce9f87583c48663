"""What a desk should say of its chats, in plain words, from nothing but the frames of /api/customers/{id}/events/.

No query, and no code of Patter. For tests/messaging/test_random_desks.py.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

WENT_OUT = ("sent", "delivered", "read", "played")
NO_QUESTION = ("reaction", "system")
DAY = timedelta(hours=24)


def when(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


@dataclass
class Told:
    """A message: its newest JSON."""

    row: dict[str, Any]
    # Nobody has to read it: it was read on arrival.
    quiet: bool = False

    def time(self, name: str) -> Any:
        return when(self.row[name])

    @property
    def asks(self) -> bool:
        return self.row["direction"] == "inbound" and self.row["type"] not in NO_QUESTION and not self.quiet

    @property
    def answers(self) -> bool:
        row = self.row
        by_person = not row["automatic"] and row["type"] != "reaction"
        return row["direction"] == "outbound" and row["status"] in WENT_OUT and by_person

    @property
    def by_phone(self) -> bool:
        return self.row["sender"] is None

    @property
    def began(self) -> datetime:
        """Since when whoever wrote it waits."""
        found: datetime = min(self.time("created_at"), self.time("ordered_at"))
        return found

    @property
    def at(self) -> datetime:
        """When it was heard: of a question its place, of an answer from the desk not before it went out."""
        placed: datetime = self.time("ordered_at")
        if self.asks or self.by_phone:
            return placed
        went: datetime = self.time("sent_at") or self.time("delivered_at") or self.time("read_at") or placed
        return max(went, placed)

    def covers(self, question: "Told") -> bool:
        """Whether this answer answers a question."""
        late = question.row["created_at"] == question.row["ordered_at"]
        if late and not self.by_phone:  # nobody at the desk had seen it before it arrived
            return bool(self.row["id"] > question.row["id"])
        return self.at >= question.at


@dataclass(frozen=True)
class Way:
    """From a `waiting_since` to the answer that ended it."""

    since: datetime
    until: datetime
    owner: int | None
    number: int
    # The place of the answer.
    at: datetime


@dataclass
class Talk:
    began: datetime
    number: int
    first: Way | None = None


@dataclass
class Chat:
    """A customer's chat, as its events tell it."""

    # Who has owned it, since when; at first nobody.
    owners: list[tuple[datetime, int | None]] = field(default_factory=list)
    state: tuple[str, datetime | None] = ("open", None)
    unread: int = 0
    seq: int = 0
    heard_at: datetime | None = None  # when the customer last wrote
    messages: dict[int, Told] = field(default_factory=dict)
    closings: list[datetime] = field(default_factory=list)

    def take(self, frame: dict[str, Any]) -> None:
        assert frame["seq"] == self.seq + 1
        self.seq = frame["seq"]
        getattr(self, f"_{frame['type']}", lambda *_: None)(frame["data"], frame)

    @property
    def owner(self) -> int | None:
        return self.owners[-1][1] if self.owners else None

    def owner_at(self, at: datetime) -> int | None:
        return next((owner for since, owner in reversed(self.owners) if since <= at), None)

    def _assignment_changed(self, data: Any, frame: Any) -> None:
        owner = None if data["owner"] is None else data["owner"]["id"]
        self.owners.append((datetime.fromisoformat(frame["at"]), owner))

    def _chat_state_changed(self, data: Any, frame: Any) -> None:
        self.state = (data["state"], when(data["snoozed_until"]))
        if data["state"] == "closed":
            self.closings.append(datetime.fromisoformat(frame["at"]))

    def _chat_message(self, data: Any, frame: Any) -> None:
        told = self.messages[data["id"]] = Told(dict(data))
        if data["direction"] == "inbound":
            told.quiet = data["status"] == "read"
            self.unread += not told.quiet
            wrote = min(told.time("created_at"), datetime.fromisoformat(frame["at"]))
            self.heard_at = wrote if self.heard_at is None else max(wrote, self.heard_at)

    def _message_status(self, data: Any, frame: Any) -> None:
        told = self.messages[data["id"]]
        told.row.update({name: value for name, value in data.items() if name in told.row})

    def _message_updated(self, data: Any, frame: Any) -> None:
        told = self.messages[data["id"]]
        taken_back = data["deleted_at"] is not None and told.row["deleted_at"] is None
        if taken_back and data["direction"] == "inbound" and told.row["status"] == "received":
            self.unread -= 1
        told.row.update(data)

    def _messages_read(self, data: Any, frame: Any) -> None:
        self.unread = data["unread_count"]
        for told in self.messages.values():
            if told.row["direction"] == "inbound" and told.row["id"] <= data["up_to"]:
                told.row["status"] = "read"

    def _marked_unread(self, data: Any, frame: Any) -> None:
        self.unread = data["unread_count"]
        self.messages[data["message"]].row["status"] = "received"

    def waiting_since(self) -> datetime | None:
        answers = [one for one in self.messages.values() if one.answers]
        asked = [one for one in self.messages.values() if one.asks and one.row["deleted_at"] is None]
        left = [one.began for one in asked if not any(answer.covers(one) for answer in answers)]
        return min(left, default=None)

    def _asked(self) -> list[Told]:
        return sorted((one for one in self.messages.values() if one.asks), key=lambda one: (one.at, one.row["id"]))

    def _answers(self) -> list[Told]:
        return sorted((one for one in self.messages.values() if one.answers), key=lambda one: (one.at, one.row["id"]))

    def ways(self) -> list[Way]:
        """Each question goes to the first answer that covers it, unless it was taken back before."""
        questions: dict[int, list[Told]] = defaultdict(list)
        answers = self._answers()
        for one in self._asked():
            first = next((answer for answer in answers if answer.at >= one.at and answer.covers(one)), None)
            if first is not None and (one.row["deleted_at"] is None or one.time("deleted_at") > first.at):
                questions[first.row["id"]].append(one)
        found = []
        for answer in answers:
            if asked := questions[answer.row["id"]]:
                oldest = min(asked, key=lambda one: (one.began, one.row["id"]))
                number = oldest.row["business_number"]
                until = max(oldest.began, answer.began) if answer.by_phone else answer.at
                found.append(Way(oldest.began, until, self.owner_at(answer.at), number, answer.at))
        return found

    def talks(self) -> list[Talk]:
        """A question begins one if, since the one before, the chat was closed, or nobody said anything for a day."""
        asked, ways = self._asked(), self.ways()
        begins = [n for n, one in enumerate(asked) if n == 0 or self._apart(asked[n - 1], one)]
        found = []
        for n, index in enumerate(begins):
            first = asked[index]
            end = asked[begins[n + 1]].at if n + 1 < len(begins) else datetime.max.replace(tzinfo=UTC)
            within = [way for way in ways if first.at <= way.at < end]
            found.append(Talk(first.began, first.row["business_number"], within[0] if within else None))
        return found

    def _apart(self, before: Told, after: Told) -> bool:
        if any(before.at <= at < after.at for at in self.closings):
            return True
        between = [one.at for one in self._answers() if before.at <= one.at < after.at]
        heard = [before.at, *between, after.at]
        return any(later - earlier >= DAY for earlier, later in pairwise(heard))


@dataclass(frozen=True)
class Week:
    """Every day from `start` to `end` on a clock that is `ahead` of UTC; the days of `closed` count from Monday, 0."""

    ahead: timedelta
    start: time
    end: time
    closed: tuple[int, ...] = ()

    def seconds(self, way: Way) -> float:
        since, until = way.since + self.ahead, way.until + self.ahead
        found, day = 0.0, since.date()
        while day <= until.date():
            opens, closes = datetime.combine(day, self.start, UTC), datetime.combine(day, self.end, UTC)
            if day.weekday() not in self.closed:
                found += max((min(closes, until) - max(opens, since)).total_seconds(), 0)
            day += timedelta(days=1)
        return found


Counted = tuple[str, int | None, int, datetime, Way | None]


def report(
    told: Iterable[Counted], weeks: dict[int, Week], key: Any, *, period: tuple[datetime, datetime],
    whose: Collection[int] | None,
) -> dict[Any, dict[str, Any]]:  # fmt: skip
    """The rows of the report of what `all_of` tells, by key.

    `key` makes one of an owner, a number and a time. `whose`: None for everybody.
    """
    counted: dict[Any, dict[str, Any]] = defaultdict(lambda: {"talks": 0, "first": [], "all": []})
    for kind, owner, number, at, way in told:
        if not period[0] <= at < period[1] or (whose is not None and owner not in whose):
            continue
        row = counted[key(owner, number, at)]
        row["talks"] += kind == "talk"
        if way is not None:
            row["first" if kind == "talk" else "all"].append(weeks[way.number].seconds(way))
    return {
        found: {
            "conversations": row["talks"],
            "answered": len(row["first"]),
            "unanswered": row["talks"] - len(row["first"]),
            "first_response": spread(row["first"]),
            "response": spread(row["all"]),
        }
        for found, row in counted.items()
    }


def all_of(chats: Iterable[Chat]) -> Iterator[Counted]:
    """All conversations and responses: which it is, whose, on which number, since when, and the response."""
    for chat in chats:
        for talk in chat.talks():
            yield "talk", chat.owner if talk.first is None else talk.first.owner, talk.number, talk.began, talk.first
        for way in chat.ways():
            yield "way", way.owner, way.number, way.since, way


def spread(seconds: list[float]) -> dict[str, float | None]:
    if not seconds:
        return {"median": None, "p90": None}
    return {"median": median(seconds), "p90": sorted(seconds)[math.ceil(0.9 * len(seconds)) - 1]}


def counts(
    chats: Iterable[Chat], now: datetime, *, whose: Collection[int | None] | None, soon: timedelta
) -> dict[str, int]:
    """/api/desk/counts/ of who sees the chats of these owners, `None` for those of nobody. `whose`: None for all."""
    found = dict.fromkeys(("open", "waiting", "unread", "snoozed", "closed", "closing_soon", "unassigned"), 0)
    for chat in chats:
        if whose is not None and chat.owner not in whose:
            continue
        is_open, waits = chat.state[0] == "open", chat.waiting_since() is not None
        left = chat.heard_at + DAY - now if chat.heard_at is not None else timedelta(0)
        found[chat.state[0]] += 1
        found["waiting"] += is_open and waits
        found["unread"] += is_open and chat.unread > 0
        found["closing_soon"] += is_open and waits and timedelta(0) < left <= soon
        found["unassigned"] += chat.owner is None
    return found
