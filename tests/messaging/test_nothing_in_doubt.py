"""`uncertain` says that the answer of a request that left never came. What the database does has no part in it."""

import json
import os
import time
from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from customers.models import Event
from messaging.actions.statuses import apply_status
from messaging.channels import Halted, Rejected, Retry, Unknown
from messaging.models import BusinessNumber, Message
from messaging.relay import outbox, unwritten
from messaging.relay.departures import prepared
from messaging.relay.outbox import Outbox
from messaging.relay.unwritten import Unwritten
from tests.messaging.outage import database_away
from tests.messaging.steps import make_due, store_outcomes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> Path:
    """Where outcomes are written down."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    unwritten.forget_all()
    return tmp_path / "media" / "outcomes"


@pytest.fixture
def send(as_owner: Any, customer: Any, says: Any) -> Any:
    says(customer)

    def queue(text: str = "hi") -> int:
        pk: int = as_owner.post("/api/messages/", {"customer": customer.pk, "text": text}).json()["id"]
        return pk

    return queue


def state(pk: int) -> tuple[str, int, str | None]:
    message = Message.objects.get(pk=pk)
    return message.status, message.attempts, message.wamid


def die() -> None:
    """Forget all that the process knew, and start the next one."""
    unwritten.forget_all()
    Unwritten().settle(everything=True)


@pytest.mark.django_db(transaction=True)
class TestTheDatabaseIsAwayForOneStatement:
    @pytest.mark.parametrize("carried_out", [False, True], ids=["not carried out", "answer lost"])
    @pytest.mark.parametrize("dies", [False, True], ids=["lives", "dies"])
    def test_whichever_it_is(
        self, send: Any, transport: Any, relay_turn: Any, customer: Any, carried_out: bool, dies: bool
    ) -> None:
        """One after the other, from the claim to the outcome: nothing is uncertain, no try is spent, order is kept."""
        transport.learn = lambda: Message.objects.exists()
        for strike in count():
            first, second = send(f"{strike} first"), send(f"{strike} second")
            source = Outbox()
            sent_before = len(transport.sent)
            away = database_away(strike, lasting=0, carried_out=carried_out)
            with away as outage, suppress(OperationalError):  # the relay's loop waits and comes again
                for job in source.claim(10):
                    source.run(job)
            if dies:
                die()
            store_outcomes()
            status, attempts, wamid = state(first)
            if len(transport.sent) > sent_before:
                assert (status, attempts, wamid) == ("sent", 1, f"wamid.OUT{first}"), strike
            else:
                assert (status, attempts, wamid) == ("queued", 0, None), strike
                make_due(first)
                assert relay_turn() == 1
            assert relay_turn() == 1
            assert [message.pk for message in transport.sent[-2:]] == [first, second], strike
            assert state(first)[:2] == state(second)[:2] == ("sent", 1)
            if not outage.struck:
                break
        assert strike > 8, "and each of them was tried"

    def test_nothing_is_left_on_disk(self, send: Any, transport: Any, relay_turn: Any, files: Path) -> None:
        send()
        prepared()
        with database_away(7):
            relay_turn()
        assert len(list(files.iterdir())) == 1
        store_outcomes()
        assert list(files.iterdir()) == []


class TestAnOutcome:
    @pytest.fixture
    def known(self, send: Any, transport: Any, relay_turn: Any) -> Any:
        """Send a message, whose outcome the database does not take; return its id."""

        def sent(outcome: Exception | None = None) -> int:
            pk: int = send()
            answer = transport.send
            away = database_away()

            def then_away(message: Any, file: Any = None) -> Any:
                away.__enter__()
                return answer(message, file)

            transport.send = then_away
            transport.outcomes = [outcome]
            try:
                relay_turn()
            finally:
                away.__exit__(None, None, None)
                transport.send = answer
            assert state(pk)[0] == "sending"
            return pk

        return sent

    @pytest.mark.parametrize(
        ("outcome", "status", "attempts"),
        [
            (None, "sent", 1),
            (Retry(), "queued", 1),
            (Retry(scope="number"), "queued", 0),
            (Rejected(131026, "Undeliverable \x00\ud800"), "failed", 1),
            (Halted("no access"), "queued", 0),
            (Unknown(), "uncertain", 1),
        ],
        ids=["sent", "retry", "throttled", "rejected", "halted", "unknown"],
    )
    @pytest.mark.parametrize("dies", [False, True], ids=["lives", "dies"])
    def test_is_stored_when_the_database_is_back(
        self, known: Any, outcome: Exception | None, status: str, attempts: int, dies: bool
    ) -> None:
        pk = known(outcome)
        if dies:
            die()
        with database_away():
            store_outcomes()
        assert state(pk)[0] == "sending"
        store_outcomes()
        assert state(pk)[:2] == (status, attempts)

    def test_is_stored_once(self, known: Any, customer: Any, files: Path) -> None:
        pk = known()
        (file,) = files.iterdir()
        copy = file.read_text()
        store_outcomes()
        file.write_text(copy)
        die()
        store_outcomes()
        events = Event.objects.filter(customer=customer, type="message_status")
        assert [event.data["status"] for event in events] == ["sent"]
        assert (state(pk)[0], list(files.iterdir())) == ("sent", [])

    def test_overwrites_nothing_that_was_reported_meanwhile(self, known: Any, number: BusinessNumber) -> None:
        pk = known(Rejected(131000, "Refused"))
        apply_status(number=number, wamid="wamid.A", status="read", at=timezone.now(), message_key=str(pk))
        die()
        store_outcomes()
        message = Message.objects.get(pk=pk)
        assert (message.status, message.error, message.wamid) == ("read", None, "wamid.A")

    def test_of_an_earlier_try_does_not_touch_the_next(self, known: Any, as_owner: Any, files: Path) -> None:
        pk = known(Unknown())
        die()
        Message.objects.filter(pk=pk).update(status="uncertain")
        assert as_owner.post(f"/api/messages/{pk}/retry/").status_code == 200
        store_outcomes()
        assert (state(pk)[0], list(files.iterdir())) == ("queued", [])

    def test_waits_for_the_disk_only_if_the_database_is_away(
        self, known: Any, send: Any, relay_turn: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        synced: list[int] = []
        monkeypatch.setattr(os, "fsync", synced.append)
        known()
        assert len(synced) == 2, "the file and its folder"
        store_outcomes()
        send()
        relay_turn()
        assert len(synced) == 2

    def test_that_comes_after_the_message_counted_as_uncertain(self, known: Any) -> None:
        pk = known(Retry())
        ours = dict(unwritten._entries)
        unwritten.forget_all()
        Message.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        Outbox().settle(everything=False)  # a relay that does not see our files
        assert state(pk)[0] == "uncertain"
        unwritten._entries.update(ours)
        store_outcomes()
        assert (state(pk)[0], Message.objects.get(pk=pk).error["code"]) == ("failed", "not_sent")

    def test_is_kept_in_memory_where_the_disk_takes_nothing(self, known: Any, settings: Any, tmp_path: Path) -> None:
        (tmp_path / "full").write_text("")
        settings.MEDIA_ROOT = str(tmp_path / "full")
        pk = known()
        store_outcomes()
        assert state(pk)[0] == "sent"

    def test_of_a_relay_that_is_gone_is_taken_over_by_another_after_a_while(self, known: Any, files: Path) -> None:
        other = Unwritten()
        other.settle(everything=False)
        pk = known()
        unwritten.forget_all()
        other.settle(everything=False)
        store_outcomes()
        assert state(pk)[0] == "sending", "its relay may be about to store it"
        (file,) = files.iterdir()
        os.utime(file, (time.time() - 10, time.time() - 10))
        other.settle(everything=False)
        store_outcomes()
        assert state(pk)[0] == "sent"

    def test_that_cannot_be_read_is_set_aside(self, known: Any, files: Path) -> None:
        pk = known()
        (file,) = files.iterdir()
        said = json.loads(file.read_text())
        broken = ["", "{", "[]", json.dumps({**said, "result": {**said["result"], "kind": "teleported"}})]
        for number, text in enumerate(broken):
            (files / f"{number}.json").write_text(text)
        die()
        store_outcomes()
        assert state(pk)[0] == "sent"
        assert {path.suffix for path in files.iterdir()} == {".refused"}

    def test_is_not_settled_by_its_own_relay_after_the_lease(self, known: Any) -> None:
        pk = known()
        Message.objects.update(lease_until=timezone.now() - timedelta(seconds=5))
        Outbox().settle(everything=False)
        assert state(pk)[0] == "sending"
        store_outcomes()
        assert state(pk)[0] == "sent"


class TestClaims:
    def test_of_others_are_left_alone_until_the_database_has_been_there_for_a_while(
        self, send: Any, transport: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pk = send()
        Outbox().claim(1)
        Message.objects.update(lease_until=timezone.now() - timedelta(seconds=5))
        source = Outbox()
        with database_away(), pytest.raises(Exception, match="connection was lost"):
            source.settle(everything=False)
        source.settle(everything=False)
        assert state(pk)[0] == "sending"
        monkeypatch.setattr(outbox, "CALM_SECONDS", 0.0)
        source.settle(everything=False)
        assert state(pk)[0] == "uncertain"

    def test_of_its_own_are_not_given_up_while_the_send_lasts(self, send: Any, transport: Any) -> None:
        pk = send()
        source = Outbox()
        (job,) = source.claim(1)
        Message.objects.update(lease_until=timezone.now() - timedelta(seconds=5))
        source.settle(everything=False)
        assert state(pk)[0] == "sending"
        source.run(job)
        assert (transport.sent, state(pk)) == ([], ("queued", 0, None)), "the lease had run out before it left"

    def test_a_bug_before_the_send_is_a_failed_try(
        self, send: Any, transport: Any, relay_turn: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pk = send()

        def broken(message: Message) -> None:
            raise KeyError("a bug")

        monkeypatch.setattr(outbox, "still_allowed", broken)
        for _ in range(7):
            assert relay_turn() == 1
            make_due(pk)
        message = Message.objects.get(pk=pk)
        assert (message.status, message.error["code"], message.error["retryable"]) == ("failed", "internal", True)

    def test_what_else_an_answer_says_may_get_lost(self, send: Any, transport: Any, relay_turn: Any) -> None:
        def broken() -> None:
            raise ValueError("a bug")

        transport.learn = broken
        pk = send()
        relay_turn()
        assert state(pk)[0] == "sent"
