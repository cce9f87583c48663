"""What no event announced is found at the next check: rights lost and frames missed."""

from datetime import timedelta
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from django.utils import timezone

from accounts.models import Role, Session, User
from customers.models import Customer, Event
from messaging.consumers import access_watch

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quick_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new watch that does not wait for 25 s."""
    monkeypatch.setattr(access_watch, "CHECK_SECONDS", 0.2)
    monkeypatch.setattr(access_watch, "_watches", WeakKeyDictionary())


@pytest.fixture
def chat(open_socket: Any, token_of: Any, customer: Customer, owner: User) -> Any:
    """The owner's socket on the customer's chat."""
    socket = open_socket(f"/ws/chat/{customer.pk}/", token_of(owner))
    assert [socket.read()["type"], socket.read()["type"]] == ["ready", "recent_messages"]
    return socket


def test_a_socket_with_all_its_rights_hears_nothing(chat: Any) -> None:
    assert chat.silent(0.7)


def test_an_ended_session(chat: Any) -> None:
    Session.objects.update(ended_at=timezone.now())
    assert chat.close_code() == 4401


def test_an_expired_session(chat: Any) -> None:
    Session.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert chat.close_code() == 4401


def test_a_lost_role(chat: Any, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(role=Role.CUSTOMER)
    assert chat.close_code() == 4403


def test_a_lost_customer(chat: Any, customer: Customer, stranger: User) -> None:
    Customer.objects.filter(pk=customer.pk).update(owner=stranger)
    assert chat.close_code() == 4403


def test_an_erased_customer(chat: Any, customer: Customer) -> None:
    Customer.objects.filter(pk=customer.pk).delete()
    assert chat.close_code() == 4404


def test_an_event_nobody_announced(chat: Any, customer: Customer) -> None:
    seq = customer.last_seq + 1
    Event.objects.create(customer=customer, seq=seq, type="customer_updated", data={"name": "New"})
    Customer.objects.filter(pk=customer.pk).update(last_seq=seq)
    frame = chat.read()
    assert (frame["seq"], frame["data"]) == (seq, {"name": "New"})
    assert chat.silent(0.5)


def test_an_inbox_of_an_ended_session(open_socket: Any, token_of: Any, owner: User) -> None:
    socket = open_socket("/ws/inbox/", token_of(owner))
    assert socket.read()["type"] == "ready"
    assert socket.silent(0.5)
    Session.objects.update(ended_at=timezone.now())
    assert socket.close_code() == 4401
