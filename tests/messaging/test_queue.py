"""Which message is sent next, whatever the queue looks like."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from customers.models import Customer
from messaging.models import BusinessNumber, Message
from messaging.relay.turns import due

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(number: Any) -> Any:
    """Put messages into the queue; return their ids."""

    def put(customer: Customer, count: int = 1, **fields: Any) -> list[int]:
        fields = {"business_number": number, "direction": "outbound", "text": "hi", "status": "queued"} | fields
        return [Message.objects.create(customer=customer, **fields).pk for _ in range(count)]

    return put


@pytest.fixture
def people() -> list[Customer]:
    return [Customer.objects.create(first_name=f"P{n}") for n in range(4)]


def turns(limit: int = 10) -> list[int]:
    return [turn.pk for turn in due(limit)]


def test_the_first_of_each_customer_the_longest_due_first(queue: Any, people: list[Customer]) -> None:
    first, *_ = queue(people[0], 3)
    (earlier,) = queue(people[1], not_before=timezone.now() - timedelta(minutes=1))
    queue(people[2], not_before=timezone.now() + timedelta(minutes=1))
    (last,) = queue(people[3])
    assert turns() == [earlier, first, last]
    assert turns(1) == [earlier]


@pytest.mark.parametrize("state", ["sending", "waiting for its next try", "on another number"])
def test_no_message_overtakes_the_first_of_its_customer(queue: Any, people: list[Customer], state: str) -> None:
    resting = BusinessNumber.objects.create(external_id="2", paused_until=timezone.now() + timedelta(hours=1))
    blocked: dict[str, dict[str, Any]] = {
        "sending": {"status": "sending"},
        "waiting for its next try": {"not_before": timezone.now() + timedelta(minutes=1)},
        "on another number": {"business_number": resting},
    }
    queue(people[0], **blocked[state])
    queue(people[0], 40)
    (other,) = queue(people[1])
    assert turns(2) == [other]


def test_finished_messages_delay_no_other(queue: Any, people: list[Customer]) -> None:
    for status in ("sent", "failed", "uncertain", "read"):
        queue(people[0], status=status)
    (next_one,) = queue(people[0])
    assert turns() == [next_one]


def test_the_long_queues_of_a_few_do_not_hide_the_others(queue: Any, people: list[Customer]) -> None:
    """The front of the queue is full of messages that wait for an earlier one; those behind them are found."""
    heads = [queue(person, 30)[0] for person in people]
    assert turns(3) == heads[:3]
    assert turns(4) == heads
