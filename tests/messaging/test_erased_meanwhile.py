"""Customers are erased while the relay is at work on their messages. It must go on for all the others."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from customers.actions import locking
from customers.models import Customer
from messaging.models import Message, StatusUpdate
from messaging.relay import loop, outcomes
from messaging.relay.loop import Relay
from messaging.relay.outbox import Outbox


@pytest.fixture
def sent_to(as_admin: Any, says: Any) -> Any:
    def queue(customer: Any) -> int:
        says(customer)
        pk: int = as_admin.post("/api/messages/", {"customer": customer.pk, "text": "hi"}).json()["id"]
        return pk

    return queue


@pytest.fixture
def erased_before_lock(customer: Any, as_admin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `customer` be erased in the moment before the relay locks them."""
    for module in (outcomes, locking):
        lock = module.lock

        def locked(customer_id: int, lock: Any = lock, **options: Any) -> Any:
            if customer_id == customer.pk:
                as_admin.delete(f"/api/customers/{customer.pk}/")
            return lock(customer_id, **options)

        monkeypatch.setattr(module, "lock", locked)


@pytest.mark.django_db
def test_settling_goes_on_with_the_others(
    sent_to: Any, transport: Any, customer: Any, erased_before_lock: None, number: Any
) -> None:
    other = Customer.objects.create(first_name="Other")
    gone, kept = sent_to(customer), sent_to(other)
    Outbox().claim(10)
    Message.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    Outbox().settle(everything=False)
    assert not Message.objects.filter(pk=gone).exists()
    assert Message.objects.get(pk=kept).status == "uncertain"


@pytest.mark.django_db
def test_a_claimed_message_is_sent_whatever_happens_to_the_next(sent_to: Any, transport: Any, customer: Any) -> None:
    first, second = sent_to(Customer.objects.create(first_name="First")), sent_to(customer)
    source = Outbox()
    jobs = source.claim(10)
    assert {job.message_id for job in jobs} == {first, second}
    customer.delete()
    for job in jobs:
        source.run(job)
    assert Message.objects.get(pk=first).status == "sent"
    assert len(transport.sent) == 1


@pytest.mark.django_db
def test_statuses_that_waited(
    sent_to: Any, transport: Any, customer: Any, relay_turn: Any, erased_before_lock: None, number: Any
) -> None:
    pk = sent_to(customer)
    Message.objects.filter(pk=pk).update(status="sent", wamid="wamid.A")
    StatusUpdate.objects.create(business_number=number, wamid="wamid.A", status="read", at=timezone.now())
    Outbox().settle(everything=False)
    assert not Message.objects.filter(pk=pk).exists()


class FailingJobs:
    """A table with a row that nobody has thought of."""

    workers = 1
    turns = threading.Semaphore(0)

    def settle(self, *, everything: bool) -> None:
        self.turns.release()
        raise ValueError("a row that nobody has thought of")


@pytest.mark.django_db(transaction=True)
def test_the_relay_outlives_a_turn_that_fails(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RELAY_JOBS = ["tests.messaging.test_erased_meanwhile.FailingJobs"]
    monkeypatch.setattr(loop, "POLL_SECONDS", 0.01)
    relay = Relay(alone=False)
    relay.start()
    try:
        assert FailingJobs.turns.acquire(timeout=5)
        assert FailingJobs.turns.acquire(timeout=5), "the relay's thread ended"
    finally:
        relay.stop(5)
