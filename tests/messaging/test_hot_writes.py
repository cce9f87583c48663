"""How many statements the writes take that salespeople wait for all day: a number that grows is seen here."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Customer
from messaging.models import Message
from tests import webhooks
from whatsapp.models import WebhookEvent
from whatsapp.webhook.deliver import deliver
from whatsapp.webhook.signature import sign

pytestmark = pytest.mark.django_db


@pytest.fixture
def chat(customer: Any, says: Any) -> Any:
    says(customer, "hello?")
    return customer


def expected(*, sqlite: int, postgresql: int) -> int:
    """PostgreSQL takes in one statement what is written together (core/db/together.py)."""
    return {"sqlite": sqlite, "postgresql": postgresql}[connection.vendor]


def statements(work: Callable[[], Any], *, status: int, before: Callable[[], Any] = lambda: None) -> list[str]:
    """The statements of a request, when it is done for the second time: by then everything is compiled."""
    assert work().status_code == status
    before()
    with CaptureQueriesContext(connection) as captured:
        assert work().status_code == status
    # In a test, transactions are savepoints.
    return [one["sql"] for one in captured if not one["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN"))]


def test_sending(as_owner: Any, chat: Any) -> None:
    numbers = iter("ab")

    def send() -> Any:
        return as_owner.post("/api/messages/", {"customer": chat.pk, "text": "hi", "client_id": next(numbers)})

    taken = statements(send, status=201)

    # The session; the customer, locked, with the chat; the message; customer, event, audit entry, chat and receipt.
    assert len(taken) == expected(sqlite=8, postgresql=4), taken
    assert Message.objects.filter(direction="outbound").count() == 2


def test_creating_a_customer(as_owner: Any) -> None:
    numbers = iter(range(2))

    def create() -> Any:
        return as_owner.post("/api/customers/", {"first_name": "Ann", "phone": f"+9477123456{next(numbers)}"})

    taken = statements(create, status=201)

    # The session; whether somebody else writes from the phone; the customer; the salesperson, locked; the event, its
    # number, the audit entry and the assignment; the tags of the answer.
    assert len(taken) == expected(sqlite=9, postgresql=6), taken


def test_marking_a_chat_as_read(as_owner: Any, chat: Any, says: Any) -> None:
    def read() -> Any:
        return as_owner.post(f"/api/customers/{chat.pk}/read/")

    taken = statements(read, status=200, before=lambda: says(chat, "and?"))

    # The session; the customer, locked; the messages; the event, its number, the audit entry and the chat.
    assert len(taken) == expected(sqlite=7, postgresql=4), taken


def test_handing_over_a_chat(as_admin: Any, chat: Any, owner: Any, stranger: Any) -> None:
    sellers = iter((stranger, owner))

    def assign() -> Any:
        return as_admin.post("/api/assignments/", {"customer": chat.pk, "salesperson": next(sellers).pk})

    taken = statements(assign, status=201)

    # The session; the customer and the salesperson of the body, and both again, locked; the old assignment, the new
    # one, and the owner; the event, its number and the audit entry.
    assert len(taken) == expected(sqlite=11, postgresql=8), taken


def test_what_a_customer_writes(customer: Any, says: Any) -> None:
    says(customer)
    with CaptureQueriesContext(connection) as captured:
        says(customer)
    taken = [one["sql"] for one in captured if not one["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN"))]

    # The customer, locked; the message; the event, its number, and the chat, which waits and is open now.
    assert len(taken) == expected(sqlite=5, postgresql=3), taken


def test_a_webhook(owner: Any) -> None:
    def post(wamid: str) -> None:
        body = json.dumps(webhooks.says(webhooks.text(wamid, at=int(time.time())))).encode()
        assert deliver(body, sign(body)) == 200

    post("wamid.1")
    Customer.objects.filter(messages__wamid="wamid.1").update(owner=owner)
    with CaptureQueriesContext(connection) as captured:
        post("wamid.2")
    taken = [one["sql"] for one in captured if not one["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN"))]

    # The webhook; the customer, locked, whose address was seen; the message; the event, its number, the webhook's
    # customer and its end, and the chat.
    assert len(taken) == expected(sqlite=9, postgresql=4), taken
    assert Message.objects.count() == 2
    assert WebhookEvent.objects.filter(state="done", customers=Message.objects.first().customer).count() == 2


def test_an_answer_that_was_sent(as_owner: Any, chat: Any, transport: Any, relay_turn: Any) -> None:
    def turn(text: str) -> list[str]:
        as_owner.post("/api/messages/", {"customer": chat.pk, "text": text})
        with CaptureQueriesContext(connection) as captured:
            assert relay_turn() == 1
        return [one["sql"] for one in captured if one["sql"].startswith("UPDATE") and "waiting_since" in one["sql"]]

    turn("hi")
    # Whether anything is left unanswered: one statement, whether somebody waits or not.
    assert len(taken := turn("there")) == 1, taken
