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


def statements(work: Callable[[], Any], *, status: int) -> list[str]:
    """The statements of a request, when it is done for the second time: by then everything is compiled."""
    assert work().status_code == status
    with CaptureQueriesContext(connection) as captured:
        assert work().status_code == status
    # In a test, transactions are savepoints.
    return [one["sql"] for one in captured if not one["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN"))]


def test_sending(as_owner: Any, chat: Any) -> None:
    numbers = iter("ab")

    def send() -> Any:
        return as_owner.post("/api/messages/", {"customer": chat.pk, "text": "hi", "client_id": next(numbers)})

    taken = statements(send, status=201)

    # The session; the customer, locked, with the chat; message, chat, customer, event and receipt.
    assert len(taken) == 7, taken
    assert Message.objects.filter(direction="outbound").count() == 2
