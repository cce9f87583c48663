"""A relay that may not claim does not, and goes on when it may again."""

import threading
from typing import Any, ClassVar

import pytest
from django.db import connection

from messaging.relay import loop
from messaging.relay.loop import Relay


class Source:
    """A source of jobs that only counts how often it was asked."""

    workers = 1
    asked: ClassVar[int] = 0
    was_asked: ClassVar[threading.Event] = threading.Event()

    def settle(self, *, everything: bool) -> None:
        type(self).asked += 1

    def claim(self, limit: int) -> list[Any]:
        type(self).asked += 1
        self.was_asked.set()
        return []

    def run(self, job: Any) -> None:
        raise AssertionError("there are no jobs")


@pytest.mark.django_db(transaction=True)
def test_it_claims_only_while_it_may(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RELAY_JOBS = ["tests.messaging.test_relay_holds_still.Source"]
    answers = iter([False, False, True])
    refused: list[int] = []

    def may_claim() -> bool:
        answer = next(answers, True)
        if not answer:
            refused.append(Source.asked)
        return answer

    monkeypatch.setattr(loop, "POLL_SECONDS", 0.01)
    relay = Relay(alone=True, may_claim=may_claim)
    relay.start()
    assert Source.was_asked.wait(10)
    relay.stop(5)
    assert refused == [0, 0]
    connection.close()
