"""Why a queued message waits: in REST, in the log, and wherever a message is shown."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import Customer, Event
from messaging.actions.number_pauses import halt, resume
from messaging.channels import Halted, Rejected, Retry, Unreachable
from messaging.models import BusinessNumber, Message
from messaging.relay.pause_notices import PauseNotices
from tests.declared_answers import swagger
from tests.messaging.steps import make_due

pytestmark = pytest.mark.django_db


@pytest.fixture
def send(as_owner: Any, customer: Any, says: Any) -> Any:
    says(customer)

    def queue(text: str = "hi", to: Any = None) -> int:
        if to is not None:
            says(to)
        body = {"customer": (to or customer).pk, "text": text}
        pk: int = as_owner.post("/api/messages/", body).json()["id"]
        return pk

    return queue


@pytest.fixture
def waiting(as_owner: Any, customer: Any) -> Any:
    """What holds back a message; the same in every list and by itself."""

    def shown(pk: int) -> dict[str, Any] | None:
        found: dict[str, Any] | None = as_owner.get(f"/api/messages/{pk}/").json()["waiting"]
        for path in ("/api/messages/", f"/api/customers/{customer.pk}/messages/", "/api/messages/?status=queued"):
            for row in as_owner.get(path).json()["results"]:
                assert row["id"] != pk or row["waiting"] == found, path
        return found

    return shown


def told(customer: Any) -> list[tuple[int, str, str | None]]:
    """Message, status and the code of `waiting` of each recorded status."""
    events = Event.objects.filter(customer=customer, type="message_status").order_by("seq")
    return [(event.data["id"], event.data["status"], (event.data["waiting"] or {}).get("code")) for event in events]


def tell() -> int:
    source = PauseNotices()
    jobs = source.claim(1)
    for job in jobs:
        source.run(job)
    return len(jobs)


def test_a_message_that_is_due_does_not_wait(send: Any, transport: Any, waiting: Any, relay_turn: Any) -> None:
    pk = send()
    assert waiting(pk) is None
    relay_turn()
    assert waiting(pk) is None


def test_a_later_try(send: Any, transport: Any, waiting: Any, relay_turn: Any, customer: Any) -> None:
    pk = send()
    transport.outcomes = [Retry(after=90)]
    relay_turn()
    found = waiting(pk)
    assert (found["code"], bool(found["title"])) == ("retry", True)
    until = Message.objects.get(pk=pk).not_before
    assert found["until"] == until.isoformat().replace("+00:00", "Z")
    assert told(customer) == [(pk, "queued", "retry")]
    make_due(pk)
    assert waiting(pk) is None
    relay_turn()
    assert told(customer)[1:] == [(pk, "sent", None)]


def test_behind_an_unfinished_one(send: Any, transport: Any, waiting: Any, relay_turn: Any, customer: Any) -> None:
    first, second = send("1"), send("2")
    assert (waiting(first), waiting(second)["code"], waiting(second)["until"]) == (None, "behind", None)
    newest = Event.objects.filter(customer=customer, type="chat_message").latest("seq")
    assert newest.data["waiting"]["code"] == "behind"
    relay_turn()
    assert waiting(second) is None


@pytest.mark.parametrize(
    ("outcome", "code", "until"),
    [
        (Retry(scope="number", after=30), "throttled", True),
        (Retry(scope="number", after=180, kind="paused"), "paused", True),
        (Halted("the token has expired"), "paused", False),
        (Unreachable("It cannot be reached"), "unreachable", False),
    ],
)
def test_a_number_that_sends_nothing(
    send: Any,
    transport: Any,
    waiting: Any,
    relay_turn: Any,
    customer: Any,
    owner: Any,
    outcome: Exception,
    code: str,
    until: bool,
) -> None:
    other = Customer.objects.create(first_name="Other", owner=owner)
    first, second = send("1"), send("2")
    transport.outcomes = [outcome]
    relay_turn()
    elsewhere, later = send("3", to=other), send("4", to=other)
    assert (waiting(first)["code"], waiting(first)["until"] is not None) == (code, until)
    assert (waiting(second)["code"], waiting(elsewhere)["code"]) == ("behind", code)
    assert told(customer) == [(first, "queued", code)]
    assert (tell(), tell()) == (1, 0)
    assert told(other) == [(elsewhere, "queued", code)], "the second one waits behind it as before"
    resume(BusinessNumber.objects.get())
    assert (tell(), tell()) == (1, 0)
    assert told(other)[1:] == [(elsewhere, "queued", None)]
    assert waiting(first) is None
    while relay_turn():
        pass
    assert Message.objects.get(pk=later).status == "sent"


def test_throttled_while_another_was_accepted(
    send: Any, transport: Any, waiting: Any, relay_turn: Any, owner: Any
) -> None:
    first = send()
    send(to=Customer.objects.create(first_name="Other", owner=owner))
    transport.outcomes = [Retry(scope="number", after=30), None]
    assert relay_turn() == 2
    assert waiting(first)["code"] == "throttled"


def test_a_short_pause_is_not_told(send: Any, transport: Any, relay_turn: Any) -> None:
    send()
    transport.outcomes = [Retry(scope="number")]
    relay_turn()
    assert tell() == 0


def test_an_outage_is_told_once(send: Any, transport: Any, relay_turn: Any, customer: Any, waiting: Any) -> None:
    pk = send()
    for _ in range(3):
        transport.outcomes = [Unreachable("It cannot be reached")]
        relay_turn()
        BusinessNumber.objects.update(paused_until=timezone.now() - timedelta(seconds=1))
        assert waiting(pk)["code"] == "unreachable", "while one message tries, too"
    assert told(customer) == [(pk, "queued", "unreachable")]


def test_whose_turn_comes_while_the_number_pauses(
    send: Any, transport: Any, relay_turn: Any, customer: Any, number: Any
) -> None:
    first, second = send("1"), send("2")
    real = transport.send

    def halted_meanwhile(message: Any, file: Any = None) -> Any:
        halt(number, "policy", "token-1")
        return real(message, file)

    transport.send = halted_meanwhile
    relay_turn()
    assert told(customer) == [(first, "sent", None), (second, "queued", "paused")]


def test_retried_by_hand(send: Any, transport: Any, relay_turn: Any, as_owner: Any, number: Any) -> None:
    pk = send()
    transport.outcomes = [Rejected(1, "no")]
    relay_turn()
    halt(number, "policy", "token-1")
    answer = as_owner.post(f"/api/messages/{pk}/retry/").json()
    assert (answer["status"], answer["waiting"]) == ("queued", {"code": "paused", "title": "policy", "until": None})


def test_a_page_costs_one_statement_more_if_it_has_a_queued_message(
    send: Any, transport: Any, relay_turn: Any, as_owner: Any, customer: Any
) -> None:
    def statements(path: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert as_owner.get(path).status_code == 200
        return len(captured)

    for path in ("/api/messages/", f"/api/customers/{customer.pk}/messages/"):
        while relay_turn():
            pass
        as_owner.get(path)
        before = statements(path)
        for _ in range(5):
            send()
        assert statements(path) == before + 1


def test_it_is_documented() -> None:
    found = swagger()["definitions"]["Waiting"]["properties"]
    assert set(found) == {"code", "title", "until"}
    assert set(found["code"]["enum"]) == {"retry", "throttled", "paused", "unreachable", "behind", "converting"}
