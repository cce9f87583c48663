"""A client of the inbox that comes back gets what it missed; and one that asks for a state sees only that."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from customers.actions.assignments import assign
from customers.models import Customer
from messaging.actions.chat_states import close_chat, reopen_chat, snooze_chat
from messaging.desk import syncs
from messaging.models import Conversation, Message

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def inbox(open_socket: Any, token_of: Any) -> Any:
    def opened(user: Any, query: str = "") -> Any:
        socket = open_socket(f"/ws/inbox/{query}", token_of(user))
        assert socket.read()["type"] == "ready"
        return socket

    return opened


@pytest.fixture
def chats(owner: Any, says: Any) -> Callable[[int], list[Customer]]:
    """Some chats of the owner, the oldest first."""

    def made(count: int) -> list[Customer]:
        customers = [Customer.objects.create(first_name=f"C{n}", owner=owner) for n in range(count)]
        for customer in customers:
            says(customer, "hello")
            customer.refresh_from_db()
        return customers

    return made


def told(socket: Any) -> tuple[list[tuple[str, int]], dict[str, Any]]:
    """The frames until `synced`, without those that come by themselves; and what that says."""
    found = []
    while (frame := socket.read())["type"] != "synced":
        if frame["type"] == "chat":
            found.append(("chat", frame["data"]["customer"]["id"]))
        elif frame["type"] == "chat_gone":
            found.append(("chat_gone", frame["data"]["id"]))
        else:
            assert frame["type"] == "counts", frame
    return found, frame["data"]


def rows(*customers: Customer) -> dict[str, int]:
    return {str(one.pk): one.last_seq for one in customers}


def test_what_changed_and_what_is_gone(inbox: Any, chats: Any, owner: Any, stranger: Any, says: Any) -> None:
    below, same, changed, lost = chats(4)
    socket = inbox(owner)
    assign(customer_id=lost.pk, salesperson=stranger, actor=owner)
    says(changed, "and?")
    for frame in ("chat_gone", "chat"):
        assert socket.read_type(frame)

    socket.say(type="sync", rows={**rows(same, changed, lost), "999999": 3})
    found, said = told(socket)
    # Not the one below the newest that is listed.
    assert below.pk not in [pk for _, pk in found]
    assert found == [("chat_gone", lost.pk), ("chat_gone", 999999), ("chat", changed.pk)]
    assert said == {"more": False}


def test_what_is_new_above_the_list(
    inbox: Any, chats: Any, owner: Any, says: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the newest of the list has moved above it meanwhile."""
    _, listed, first, second = chats(4)
    says(listed, "again")
    socket = inbox(owner)
    socket.say(type="sync", rows=rows(listed))
    assert told(socket) == ([("chat", listed.pk), ("chat", second.pk), ("chat", first.pk)], {"more": False})
    monkeypatch.setattr(syncs, "MOST_NEW", 1)
    socket.say(type="sync", rows=rows(listed))
    assert told(socket) == ([("chat", listed.pk), ("chat", second.pk)], {"more": True})


def test_what_happened_to_a_chat_does_not_move_it_up(inbox: Any, chats: Any, owner: Any, as_owner: Any) -> None:
    """The client knows of the first change, and missed the second."""
    listed, above = chats(2)
    for notes in ("1", "2"):
        listed.refresh_from_db()
        as_owner.patch(f"/api/customers/{listed.pk}/", {"notes": notes})
    socket = inbox(owner)
    socket.say(type="sync", rows=rows(listed))
    assert told(socket) == ([("chat", listed.pk), ("chat", above.pk)], {"more": False})


@pytest.mark.parametrize("seq", [0, 99])
def test_a_number_that_no_event_has(inbox: Any, chats: Any, owner: Any, as_owner: Any, says: Any, seq: int) -> None:
    """What is below the chat is not new."""
    chats(2)
    listed = Customer.objects.get(pk=as_owner.post("/api/customers/", {"name": "Ann"}).json()["id"])
    says(listed)
    socket = inbox(owner)
    socket.say(type="sync", rows={str(listed.pk): seq})
    assert told(socket) == ([("chat", listed.pk)], {"more": False})


def test_nothing_listed_is_the_newest_chats(inbox: Any, chats: Any, owner: Any) -> None:
    made = chats(3)
    socket = inbox(owner)
    socket.say(type="sync", rows={})
    assert told(socket)[0] == [("chat", one.pk) for one in reversed(made)]


def test_a_chat_that_is_gone_is_as_one_that_never_was(inbox: Any, chats: Any, stranger: Any) -> None:
    foreign = chats(1)[0]
    socket = inbox(stranger)
    socket.say(type="sync", rows={**rows(foreign), str(2**70)[:18]: 1})
    found, _ = told(socket)
    assert [kind for kind, _ in found] == ["chat_gone", "chat_gone"]


@pytest.mark.parametrize(
    "bad", [None, [], {"x": 1}, {"1": "2"}, {"1": -1}, {"1": True}, {"1": None}, {str(n): 1 for n in range(1, 502)}]
)
def test_what_cannot_be_used(inbox: Any, owner: Any, bad: Any) -> None:
    socket = inbox(owner)
    socket.say(type="sync", rows=bad)
    assert socket.read_type("error")["data"]["code"] == "bad_frame"


def test_only_chats_in_a_state(inbox: Any, chats: Any, owner: Any, says: Any) -> None:
    closed, opened = chats(2)
    Conversation.objects.filter(customer=closed).update(state="closed")
    socket = inbox(owner, "?state=open")
    says(opened, "and?")
    assert socket.read_type("chat")["data"]["customer"]["id"] == opened.pk
    close_chat(customer_id=opened.pk, actor=owner)
    assert socket.read_type("chat_gone")["data"] == {"id": opened.pk}
    reopen_chat(customer_id=opened.pk, actor=owner)
    assert socket.read_type("chat")["data"]["customer"]["state"] == "open"

    socket.say(type="sync", rows={str(closed.pk): 0})
    assert told(socket)[0] == [("chat_gone", closed.pk), ("chat", opened.pk)]


def test_a_chat_is_gone_from_the_state_that_it_leaves(inbox: Any, chats: Any, owner: Any, says: Any) -> None:
    """Who is shown chats in the third state is told nothing."""
    pk = chats(1)[0].pk
    sockets = {state: inbox(owner, f"?state={state}") for state in ("open", "snoozed", "closed")}

    def moved(left: str, entered: str) -> None:
        gone = sockets[left].read()
        assert (gone["type"], gone["data"]) == ("chat_gone", {"id": pk})
        assert sockets[entered].read()["data"]["customer"]["state"] == entered

    close_chat(customer_id=pk, actor=owner)
    moved("open", "closed")
    snooze_chat(customer_id=pk, until=timezone.now() + timedelta(hours=1), actor=owner)
    moved("closed", "snoozed")
    reopen_chat(customer_id=pk, actor=owner)
    moved("snoozed", "open")
    close_chat(customer_id=pk, actor=owner)
    moved("open", "closed")
    says(Customer.objects.get(pk=pk), "hello?")
    moved("closed", "open")
    assert sockets["snoozed"].silent()


def test_a_chat_whose_log_begins_later_may_have_been_in_any_state(inbox: Any, chats: Any, owner: Any) -> None:
    customer = chats(1)[0]
    Conversation.objects.filter(customer=customer).update(state="snoozed", snoozed_until=timezone.now())
    customer.events.all().delete()
    socket = inbox(owner, "?state=snoozed")
    close_chat(customer_id=customer.pk, actor=owner)
    assert socket.read_type("chat_gone")["data"] == {"id": customer.pk}


@pytest.mark.parametrize("shown", [None, "closed", "snoozed"])
def test_a_merge_that_gives_a_chat_another_state(
    inbox: Any, chats: Any, owner: Any, as_owner: Any, says: Any, shown: str | None
) -> None:
    """The log says so, and so does undoing it: who is shown only chats in the state it had loses it."""
    into, gone = chats(2)
    if shown is None:
        Conversation.objects.filter(customer=into).delete()
        Message.objects.filter(customer=into).delete()
        close_chat(customer_id=gone.pk, actor=owner)
    elif shown == "closed":
        close_chat(customer_id=into.pk, actor=owner)
    else:
        snooze_chat(customer_id=into.pk, until=timezone.now() + timedelta(hours=1), actor=owner)
    socket = inbox(owner, f"?state={shown or 'open'}")

    merge = as_owner.post(f"/api/customers/{gone.pk}/merge/", {"into": into.pk}).json()["merge"]
    told = [socket.read_type("chat_gone")["data"]["id"] for _ in range(2)]
    assert sorted(told) == sorted([into.pk, gone.pk])
    became = {"state": "closed" if shown is None else "open", "snoozed_until": None, "by": None}
    assert into.events.filter(type="chat_state_changed").latest("seq").data == became

    as_owner.post(f"/api/customers/merges/{merge}/undo/")
    again = into.events.filter(type="chat_state_changed").latest("seq").data
    assert (again["state"], again["by"]) == (shown or "open", None)
    if shown is not None:
        assert socket.read_type("chat")["data"]["customer"]["id"] == into.pk
        return
    # There is no chat any more; the next one begins open, and leaves this state when it is closed.
    says(into, "hello")
    assert socket.read_type("chat")["data"]["customer"]["id"] == into.pk
    close_chat(customer_id=into.pk, actor=owner)
    assert socket.read_type("chat_gone")["data"] == {"id": into.pk}


def test_a_merge_that_leaves_the_state_tells_none(chats: Any, as_owner: Any) -> None:
    into, gone = chats(2)
    Conversation.objects.filter(customer=gone).update(state="closed")
    merge = as_owner.post(f"/api/customers/{gone.pk}/merge/", {"into": into.pk}).json()["merge"]
    as_owner.post(f"/api/customers/merges/{merge}/undo/")
    assert not into.events.filter(type="chat_state_changed").exists()


def test_a_state_that_is_none(open_socket: Any, token_of: Any, owner: Any) -> None:
    socket = open_socket("/ws/inbox/?state=asleep", token_of(owner))
    assert socket.read()["type"] == "ready"
    assert socket.read()["data"]["code"] == "invalid"
