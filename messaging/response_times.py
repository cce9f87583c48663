"""How long customers waited for answers: replayed from the messages and closings of each chat.

The rule for who waits is that of messaging/actions/answering.py. A conversation begins with the first message that the
customer writes after the chat was closed, or after nobody wrote for 24 hours.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

SILENCE = timedelta(hours=24)


@dataclass(frozen=True)
class Said:
    """A message of the customer. One that arrived `late` stands where it was written."""

    pk: int
    at: datetime
    place: datetime
    number_id: int
    deleted_at: datetime | None = None

    @property
    def late(self) -> bool:
        return self.at == self.place


@dataclass(frozen=True)
class Answer:
    """A message of a person at the desk that was sent, or, `by_phone`, of one with the phone app."""

    pk: int
    at: datetime
    owner_id: int | None
    by_phone: bool = False

    def covers(self, said: Said) -> bool:
        """Whether it answers what was said before it: what arrived later nobody at the desk had seen."""
        return self.by_phone or not said.late or said.pk < self.pk


@dataclass(frozen=True)
class Closed:
    """That the chat was closed."""

    at: datetime


@dataclass(frozen=True)
class Response:
    """The way from a `waiting_since` to the answer that ended it."""

    since: datetime
    answer: Answer
    number_id: int


@dataclass
class Talk:
    """A conversation, and the first response in it, if there is one."""

    began: datetime
    number_id: int
    first: Response | None = None


def replay(
    said: Iterable[Said], answers: Iterable[Answer], closings: Iterable[Closed]
) -> tuple[list[Talk], list[Response]]:
    """The conversations of a chat, and its responses, both in order."""
    talks: list[Talk] = []
    responses: list[Response] = []
    pending: list[Said] = []
    over, heard_at = True, None
    for step in _in_order(said, answers, closings):
        if isinstance(step, Closed):
            over = True
            continue
        at = step.place if isinstance(step, Said) else step.at
        over = over or heard_at is None or at - heard_at >= SILENCE
        heard_at = at
        if isinstance(step, Said):
            if over:
                talks.append(Talk(min(step.at, step.place), step.number_id))
                over = False
            pending.append(step)
            continue
        pending = [one for one in pending if one.deleted_at is None or one.deleted_at > step.at]
        if covered := [one for one in pending if step.covers(one)]:
            first = min(covered, key=lambda one: (min(one.at, one.place), one.pk))
            responses.append(Response(min(first.at, first.place), step, first.number_id))
            pending = [one for one in pending if not step.covers(one)]
            if talks and talks[-1].first is None:
                talks[-1].first = responses[-1]
    return talks, responses


def _in_order(
    said: Iterable[Said], answers: Iterable[Answer], closings: Iterable[Closed]
) -> Iterator[Said | Answer | Closed]:
    steps: list[tuple[datetime, int, int, Said | Answer | Closed]] = [
        *((one.place, 0, one.pk, one) for one in said),
        *((one.at, 1, one.pk, one) for one in answers),
        *((one.at, 2, 0, one) for one in closings),
    ]
    return (step for *_, step in sorted(steps, key=lambda step: step[:3]))
