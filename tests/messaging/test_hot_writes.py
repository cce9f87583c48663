"""How many statements the writes take that salespeople wait for all day: a number that grows is seen here."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from messaging.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def chat(customer: Any, says: Any) -> Any:
    says(customer, "hello?")
    return customer


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

    # The session; the customer, locked, with the chat; message, chat, customer, event, audit entry and receipt.
    assert len(taken) == 8, taken
    assert Message.objects.filter(direction="outbound").count() == 2


def test_creating_a_customer(as_owner: Any) -> None:
    numbers = iter(range(2))

    def create() -> Any:
        return as_owner.post("/api/customers/", {"first_name": "Ann", "phone": f"+9477123456{next(numbers)}"})

    taken = statements(create, status=201)

    # The session; whether somebody else writes from the phone; the customer; the salesperson, locked; the assignment;
    # the event, its number and the audit entry; the tags of the answer.
    assert len(taken) == 9, taken


def test_marking_a_chat_as_read(as_owner: Any, chat: Any, says: Any) -> None:
    def read() -> Any:
        return as_owner.post(f"/api/customers/{chat.pk}/read/")

    taken = statements(read, status=200, before=lambda: says(chat, "and?"))

    # The session; the customer, locked; the messages; the chat; the event, its number and the audit entry.
    assert len(taken) == 7, taken


def test_handing_over_a_chat(as_admin: Any, chat: Any, owner: Any, stranger: Any) -> None:
    sellers = iter((stranger, owner))

    def assign() -> Any:
        return as_admin.post("/api/assignments/", {"customer": chat.pk, "salesperson": next(sellers).pk})

    taken = statements(assign, status=201)

    # The session; the customer and the salesperson of the body, and both again, locked; the old assignment, the new
    # one, and the owner; the event, its number and the audit entry.
    assert len(taken) == 11, taken


def test_what_a_customer_writes(customer: Any, says: Any) -> None:
    says(customer)
    with CaptureQueriesContext(connection) as captured:
        says(customer)
    taken = [one["sql"] for one in captured if not one["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN"))]

    # The customer, locked; the message; the chat, which waits and is open now; the event and its number.
    assert len(taken) == 5, taken


def test_an_answer_that_was_sent(as_owner: Any, chat: Any, transport: Any, relay_turn: Any) -> None:
    def turn(text: str) -> list[str]:
        as_owner.post("/api/messages/", {"customer": chat.pk, "text": text})
        with CaptureQueriesContext(connection) as captured:
            assert relay_turn() == 1
        return [one["sql"] for one in captured if one["sql"].startswith("UPDATE") and "waiting_since" in one["sql"]]

    turn("hi")
    # Whether anything is left unanswered: one statement, whether somebody waits or not.
    assert len(taken := turn("there")) == 1, taken
