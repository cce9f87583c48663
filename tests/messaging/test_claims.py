"""Several relays at once: none waits for another, and each message has one claim."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.utils import timezone

from customers.models import Customer
from messaging.models import BusinessNumber, DepartureCount, Message
from messaging.relay import outbox, unwritten
from messaging.relay.claims import claim_batch
from messaging.relay.departures import advance, prepared
from messaging.relay.outbox import Outbox
from messaging.relay.results import Job, not_begun
from tests.messaging.steps import store_outcomes

pytestmark = pytest.mark.django_db(transaction=True)

several_writers = pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer")


@pytest.fixture
def queued() -> list[int]:
    """Four messages, each of another customer."""
    number = BusinessNumber.objects.create(external_id="1001")
    made = []
    for name in ("Ann", "Ben", "Cleo", "Dan"):
        customer = Customer.objects.create(first_name=name)
        message = Message.objects.create(
            customer=customer, business_number=number, direction="outbound", status="queued", not_before=timezone.now()
        )
        made.append(message.pk)
    return made


@contextmanager
def meanwhile(work: Callable[[], Any]) -> Iterator[None]:
    """Do something in a transaction of another connection, which stays open during the block."""
    done, end = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                work()
                done.set()
                end.wait(20)
        finally:
            connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    assert done.wait(20)
    try:
        yield
    finally:
        end.set()
        thread.join()


@several_writers
def test_a_slot_that_another_relay_holds_is_not_waited_for() -> None:
    prepared()
    with meanwhile(advance), connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '5s'")
        assert advance()[1].slot == 2
    assert advance()[1].count == 2
    assert dict(DepartureCount.objects.filter(count__gt=0).values_list("slot", "count")) == {1: 2, 2: 1}


@several_writers
def test_a_message_that_somebody_changes_is_left_out(queued: list[int]) -> None:
    def change() -> None:
        Message.objects.filter(pk=queued[1]).update(text="changed")

    with meanwhile(change), connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '5s'")
        assert claim_batch({pk: uuid4() for pk in queued}) == {queued[0], queued[2], queued[3]}
    assert claim_batch({pk: uuid4() for pk in queued}) == {queued[1]}


def test_each_message_has_its_own_claim(queued: list[int]) -> None:
    Message.objects.filter(pk=queued[3]).update(status="sent")
    tokens = {pk: uuid4() for pk in queued}

    assert claim_batch(tokens) == set(queued[:3])
    assert claim_batch({pk: uuid4() for pk in queued}) == set()

    for message in Message.objects.filter(pk__in=queued[:3]):
        assert (message.status, message.claim_token, message.attempts) == ("sending", tokens[message.pk], 1)
        assert message.lease_until is not None


def test_a_claim_that_the_database_did_not_confirm_is_put_back(
    queued: list[int], transport: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def commit_without_answer(tokens: Any) -> set[int]:
        claim_batch(tokens)
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(outbox, "claim_batch", commit_without_answer)
    assert Outbox().claim(8) == []
    assert {message.status for message in Message.objects.all()} == {"sending"}

    store_outcomes()
    assert {(message.status, message.attempts) for message in Message.objects.all()} == {("queued", 0)}


def test_a_claim_that_turns_up_when_it_was_believed_lost(queued: list[int]) -> None:
    """Its commit was under way when the connection broke: the message goes back, and no try is spent."""
    message = Message.objects.get(pk=queued[0])
    job = Job(message.pk, message.customer_id, uuid4())
    unwritten.doubt(job, not_begun())
    store_outcomes()
    assert claim_batch({message.pk: job.token}) == {message.pk}
    store_outcomes()
    message.refresh_from_db()
    assert (message.status, message.attempts, message.claim_token) == ("queued", 0, None)
