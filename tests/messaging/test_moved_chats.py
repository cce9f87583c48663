"""`if_last_seq`: nothing is sent over what the sender has not seen."""

from typing import Any

import pytest

from accounts.models import User
from customers.models import Customer, Event
from messaging.actions import moved
from messaging.models import Message

pytestmark = pytest.mark.django_db
URL = "/api/messages/"


@pytest.fixture
def chat(customer: Customer, says: Any) -> Customer:
    says(customer, "hello?")
    customer.refresh_from_db()
    return customer


def send(client: Any, customer: Customer, seq: int | None, **more: Any) -> Any:
    return client.post(URL, {"customer": customer.pk, "text": "We deliver.", "if_last_seq": seq, **more}, format="json")


def test_what_the_customer_wrote_meanwhile(as_owner: Any, chat: Customer, says: Any) -> None:
    wrote = says(chat, "Wait, not on Friday")
    messages, events = Message.objects.count(), Event.objects.count()

    answer = send(as_owner, chat, chat.last_seq)

    assert (answer.status_code, answer.json()["code"]) == (409, "chat_moved")
    assert answer.json()["messages"] == [as_owner.get(f"{URL}{wrote}/").json()]
    assert (Message.objects.count(), Event.objects.count()) == (messages, events)
    chat.refresh_from_db()
    assert answer.json()["last_seq"] == chat.last_seq
    assert send(as_owner, chat, chat.last_seq).status_code == 201


def test_what_a_colleague_answered_meanwhile(as_owner: Any, as_manager: Any, manager: User, chat: Customer) -> None:
    assert send(as_manager, chat, None, text="I can help.").status_code == 201
    answer = send(as_owner, chat, chat.last_seq)
    assert answer.status_code == 409
    assert [one["sender"]["id"] for one in answer.json()["messages"]] == [manager.pk]


def test_what_does_not_count(as_owner: Any, chat: Customer, says: Any) -> None:
    """One's own messages, automatic ones, and what else happened."""
    for text in ("One", "Two"):
        assert send(as_owner, chat, chat.last_seq, text=text).status_code == 201
    Message.objects.filter(text="Two").update(sender=None, automatic=True)
    as_owner.post(f"/api/customers/{chat.pk}/read/")
    assert send(as_owner, chat, chat.last_seq).status_code == 201
    says(chat, "and?")
    assert send(as_owner, chat, None).status_code == 201
    assert as_owner.post(URL, {"customer": chat.pk, "text": "Plain"}).status_code == 201


def test_what_was_written_before_many_answers_of_ones_own(
    as_owner: Any, chat: Customer, says: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moved, "MOST", 2)
    texts = ["Wait", "not on Friday", "please"]
    for text in texts:
        says(chat, text)
    for _ in range(3):
        assert send(as_owner, chat, None).status_code == 201
    answer = send(as_owner, chat, chat.last_seq)
    assert (answer.status_code, [one["text"] for one in answer.json()["messages"]]) == (409, texts[1:])


def test_what_was_written_is_no_longer_in_the_log(as_owner: Any, chat: Customer, says: Any) -> None:
    seen = chat.last_seq
    says(chat, "Wait")
    Event.objects.all().delete()
    answer = send(as_owner, chat, seen)
    assert (answer.status_code, [one["text"] for one in answer.json()["messages"]]) == (409, ["hello?", "Wait"])
    assert send(as_owner, chat, answer.json()["last_seq"]).status_code == 201


def test_sent_again_it_is_the_first_message(as_owner: Any, chat: Customer, says: Any) -> None:
    first = send(as_owner, chat, chat.last_seq, client_id="a")
    says(chat, "and?")
    again = send(as_owner, chat, chat.last_seq, client_id="a")
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])


@pytest.mark.parametrize("bad", [-1, "x", 1.5, True])
def test_what_is_no_number(as_owner: Any, chat: Customer, bad: Any) -> None:
    before = Message.objects.count()
    answer = send(as_owner, chat, bad)
    assert (answer.status_code, Message.objects.count()) == (400, before)


@pytest.mark.django_db(transaction=True)
def test_on_a_socket(open_socket: Any, token_of: Any, owner: User, chat: Customer, says: Any) -> None:
    socket = open_socket(f"/ws/chat/{chat.pk}/", token_of(owner))
    assert [socket.read()["type"], socket.read()["type"]] == ["ready", "recent_messages"]
    says(chat, "Wait")
    socket.say(type="chat_message", text="We deliver.", client_id="a", if_last_seq=chat.last_seq)
    error = socket.read_type("error")["data"]
    assert (error["code"], error["client_id"]) == ("chat_moved", "a")
    assert [one["text"] for one in error["messages"]] == ["Wait"]
    socket.say(type="chat_message", text="Then on Monday.", client_id="a", if_last_seq=error["last_seq"])
    assert socket.read_type("chat_message")["data"]["text"] in ("Wait", "Then on Monday.")
