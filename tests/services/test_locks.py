"""A customer who is locked from elsewhere stops nobody else. `python -m benchmarks.soak locks` is the full size."""

from tests.services.crowds import crowd, crowd_of_sockets
from tests.services.harness import Stack
from tests.services.locks import REFUSED_WITHIN, hold

# The machine of a test is busy with other tests. Without limits each of these waited until the release.
SLACK = 2.0


def test_one_locked_row_stops_nobody_else(services: Stack) -> None:
    seen = hold(services, seconds=12, times=30, touching=6)

    assert seen.wrong == [], seen.answers
    assert seen.slowest["change"] < REFUSED_WITHIN + SLACK
    for kind in ("livez", "list", "detail", "webhook of others", "readyz", "webhook of the customer"):
        assert seen.slowest[kind] < REFUSED_WITHIN, seen.slowest


def test_a_crowd_at_a_locked_customer_stops_nobody_else(services: Stack) -> None:
    seen = crowd(services, changes=40)

    assert seen.answers["send 503"] == 40, seen.answers
    assert seen.slowest["send"] < REFUSED_WITHIN + SLACK
    for kind, answer in (("list", 200), ("detail", 200), ("change of another", 200), ("webhook of others", 200)):
        assert seen.answers[f"{kind} {answer}"] > 10, seen.answers
        assert seen.slowest[kind] < 1 + SLACK / 2, seen.slowest
    assert len(seen.answers) == 5, seen.answers


def test_a_crowd_at_a_customer_nobody_holds_passes(services: Stack) -> None:
    seen = crowd(services, changes=20, holding=False)

    assert seen.answers["send 201"] == 20, seen.answers
    assert len(seen.answers) == 5, seen.answers


def test_sockets_of_locked_chats_stop_no_other_chat(services: Stack) -> None:
    answers, took = crowd_of_sockets(services, chats=3, each=5)

    assert [(frame["type"], frame["data"]["code"]) for frame, _ in answers] == [("error", "unavailable")] * 15
    assert max(seconds for _, seconds in answers) < REFUSED_WITHIN + SLACK
    assert len(took) > 10
    assert max(took) < 1 + SLACK / 2, took
