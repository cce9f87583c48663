"""How long customers waited for answers: replayed from the messages and closings of each chat.

The rule for who waits is that of messaging/actions/answering.py. A conversation begins with the first message that the
customer writes after the chat was closed, or after nobody wrote for 24 hours.

A report replays millions of messages: so what happened are tuples, and times are whole microseconds
(core/db/microseconds.py).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

SILENCE = 24 * 60 * 60 * 1_000_000

# What may happen in a chat, in the order in which it counts if it happens at the same time.
SAID, ANSWERED, CLOSED = range(3)


class Step(NamedTuple):
    """Something that happened in a chat. In the order of these columns, steps are in the order in which they count.

    A message of the customer (SAID) has its place in the chat as `at`, and was made at `created`: one that arrived
    late stands where it was written, so both are the same. A message of the desk that was sent, or, without a `sender`,
    of the phone app (ANSWERED) has the time at which it went out, and `sent_for`, the owner who was noted then. The
    phone app sent it when it was `created`; its place may be that of its arrival.
    """

    customer: int
    at: int
    kind: int
    pk: int = 0
    number: int = 0
    created: int | None = None
    deleted: int | None = None
    sender: int | None = None
    sent_for: int | None = None


class Response(NamedTuple):
    """The way from the time since which a customer waits to the answer that ended it."""

    since: int
    at: int
    number: int
    owner: int | None


@dataclass(slots=True)
class Talk:
    """A conversation, and the first response in it, if there is one."""

    began: int
    number: int
    first: Response | None = None


# A message that waits for an answer: since when, its id, its number, whether it arrived late, when it was deleted.
_Pending = tuple[int, int, int, bool, int | None]


def replay(
    steps: Iterable[tuple[int, int, int, int, int, int | None, int | None, int | None, int | None]],
    owned: Callable[[int], int | None],
) -> tuple[list[Talk], list[Response]]:
    """The conversations of a chat, and its responses, both in order.

    `steps` have the columns of `Step`, and are sorted. `owned` says who owned the chat at a time.
    """
    talks: list[Talk] = []
    responses: list[Response] = []
    pending: list[_Pending] = []
    over, heard_at = True, 0
    for _, at, kind, pk, number, created, deleted, sender, sent_for in steps:
        if kind == CLOSED:
            over = True
            continue
        over = over or at - heard_at >= SILENCE
        heard_at = at
        if kind == SAID:
            since = at if created is None or created > at else created
            if over:
                talks.append(Talk(since, number))
                over = False
            pending.append((since, pk, number, created == at, deleted))
        elif pending:
            first, pending = _answered(pending, at, pk, by_phone=sender is None)
            if first is not None:
                # Nobody's, or sent before that was noted.
                owner = owned(at) if sent_for is None else sent_for
                went = at if sender is not None or created is None else max(first[0], min(created, at))
                responses.append(Response(first[0], went, first[2], owner))
                if talks[-1].first is None:
                    talks[-1].first = responses[-1]
    return talks, responses


def _answered(pending: list[_Pending], at: int, pk: int, *, by_phone: bool) -> tuple[_Pending | None, list[_Pending]]:
    """What waited longest of what a message answers, and what still waits.

    What was deleted by then waits no more. What arrived later nobody at the desk had seen; with the phone app they had.
    """
    first: _Pending | None = None
    left = []
    for said in pending:
        _, said_pk, _, late, deleted = said
        if deleted is not None and deleted <= at:
            continue
        if late and said_pk >= pk and not by_phone:
            left.append(said)
        elif first is None or said[:2] < first[:2]:
            first = said
    return first, left
