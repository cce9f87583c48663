"""The inbox says who is in the chats that its user sees, and who is typing there."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction

from accounts.actions.teams import update_team
from accounts.models import Team
from core.live.presence import Presence
from customers.actions.assignments import assign, unassign
from customers.actions.locking import lock
from customers.actions.merge import merge_customers
from customers.models import Customer
from messaging.consumers.presence import tell
from messaging.desk import moves

pytestmark = pytest.mark.django_db(transaction=True)


def test_colleagues_in_visible_chats(
    open_socket: Any, token_of: Any, owner: Any, manager: Any, stranger: Any, customer: Customer
) -> None:
    inboxes = {user: open_socket("/ws/inbox/", token_of(user)) for user in (owner, manager, stranger)}
    for socket in inboxes.values():
        assert socket.read()["type"] == "ready"
    who = {"customer": customer.pk, "user": {"id": owner.pk, "name": owner.name}}

    chat = open_socket(f"/ws/chat/{customer.pk}/", token_of(owner))
    assert chat.read()["type"] == "ready"
    assert inboxes[manager].read_type("presence")["data"] == {**who, "status": "online"}
    chat.say(type="typing", is_typing=True)
    assert inboxes[manager].read_type("typing")["data"] == {**who, "is_typing": True}
    chat.close()
    assert inboxes[manager].read_type("presence")["data"] == {**who, "status": "offline"}
    # Nobody hears of themselves, or of chats that they do not see.
    assert inboxes[owner].silent()
    assert inboxes[stranger].silent()


def test_whoever_loses_a_chat_hears_no_more_of_who_is_there(
    open_socket: Any, token_of: Any, owner: Any, stranger: Any, admin: Any, customer: Customer
) -> None:
    inboxes = {user: open_socket("/ws/inbox/", token_of(user)) for user in (owner, stranger)}
    for socket in inboxes.values():
        assert socket.read()["type"] == "ready"
    chat = open_socket(f"/ws/chat/{customer.pk}/", token_of(admin))
    assert chat.read()["type"] == "ready"
    assert inboxes[owner].read_type("presence")["data"]["status"] == "online"

    assign(customer_id=customer.pk, salesperson=stranger, actor=admin)
    assert inboxes[stranger].read_type("presence")["data"]["status"] == "online"
    chat.say(type="typing", is_typing=True)
    assert inboxes[stranger].read_type("typing")["data"]["customer"] == customer.pk
    chat.close()
    assert inboxes[stranger].read_type("presence")["data"]["status"] == "offline"
    assert not {"presence", "typing"} & {frame["type"] for frame in heard(inboxes[owner])}


def heard(socket: Any) -> list[Any]:
    """What came up to now."""
    socket.say(type="ping")
    frames = [socket.read()]
    while frames[-1]["type"] != "pong":
        frames.append(socket.read())
    return frames


def test_ready_says_who_is_in_visible_chats(
    open_socket: Any, token_of: Any, owner: Any, manager: Any, admin: Any, stranger: Any, customer: Customer
) -> None:
    chats = [open_socket(f"/ws/chat/{customer.pk}/", token_of(user)) for user in (owner, owner, admin)]
    for chat in chats:
        assert chat.read()["type"] == "ready"
    chats[0].say(type="typing", is_typing=True)
    chats[0].say(type="ping")
    chats[0].read_type("pong")

    def said_to(user: Any) -> Any:
        ready = open_socket("/ws/inbox/", token_of(user)).read()
        assert ready["type"] == "ready"
        return ready["data"]

    def here(user: Any) -> dict[str, Any]:
        return {"customer": customer.pk, "user": {"id": user.pk, "name": user.name}}

    assert said_to(manager) == {"present": [here(owner), here(admin)], "typing": [here(owner)]}
    assert said_to(owner) == {"present": [here(admin)], "typing": []}
    assert said_to(stranger) == {"present": [], "typing": []}


def test_somebody_whose_process_died(open_socket: Any, token_of: Any, owner: Any, admin: Any, customer: Any) -> None:
    """Nobody there knows any more who has the customer."""
    inbox = open_socket("/ws/inbox/", token_of(admin))
    assert inbox.read()["type"] == "ready"
    user = {"id": owner.pk, "name": owner.name}
    tell(f"customer.{customer.pk}", "user_presence", {"user": user, "status": "offline"}, left=owner.pk)
    said = inbox.read_type("presence")["data"]
    assert said == {"customer": customer.pk, "user": user, "status": "offline"}


class TestWhoBeginsToSeeAChat:
    """They are told who is in it, and who is typing there, at once; nobody else is."""

    @pytest.fixture
    def inbox(self, open_socket: Any, token_of: Any) -> Any:
        def opened(user: Any, query: str = "") -> Any:
            socket = open_socket(f"/ws/inbox/{query}", token_of(user))
            assert socket.read()["type"] == "ready"
            return socket

        return opened

    @pytest.fixture
    def typist(self, open_socket: Any, token_of: Any, admin: Any, customer: Customer) -> Any:
        """The admin, who is typing in the customer's chat."""
        socket = open_socket(f"/ws/chat/{customer.pk}/", token_of(admin))
        assert socket.read()["type"] == "ready"
        socket.say(type="typing", is_typing=True)
        socket.say(type="ping")
        socket.read_type("pong")
        return socket

    @pytest.fixture
    def said(self, admin: Any, customer: Customer) -> Any:
        """What is said of the admin to who begins to see the chat."""
        who = {"customer": customer.pk, "user": {"id": admin.pk, "name": admin.name}}
        return [
            ("chat", customer.pk),
            ("presence", {**who, "status": "online"}),
            ("typing", {**who, "is_typing": True}),
        ]

    def test_a_new_owner(self, inbox: Any, owner: Any, stranger: Any, typist: Any, said: Any, customer: Any) -> None:
        theirs, foreign = inbox(stranger), inbox(owner)
        assign(customer_id=customer.pk, salesperson=stranger, actor=owner)
        assert until(theirs, said[-1]) == said
        assert people(foreign) == []
        typist.close()
        assert theirs.read_type("presence")["data"]["status"] == "offline"
        assert people(foreign) == []

    def test_the_owner_before_leaves(
        self, inbox: Any, open_socket: Any, token_of: Any, owner: Any, stranger: Any, customer: Any
    ) -> None:
        """Their socket is closed as they lose the chat: the new owner does not go on to see them there."""
        chat = open_socket(f"/ws/chat/{customer.pk}/", token_of(owner))
        assert chat.read()["type"] == "ready"
        socket = inbox(stranger)
        assign(customer_id=customer.pk, salesperson=stranger, actor=owner)
        assert chat.close_code() == 4403
        frame = socket.read_type("presence")
        while frame["data"]["status"] == "online":
            frame = socket.read_type("presence")
        assert (frame["data"]["user"]["id"], people(socket)) == (owner.pk, [])

    def test_who_saw_it_before_is_told_nothing_new(
        self, inbox: Any, admin: Any, owner: Any, stranger: Any, typist: Any, customer: Any
    ) -> None:
        boss, third = inbox(admin), inbox(owner)
        assign(customer_id=customer.pk, salesperson=stranger, actor=owner)
        assert third.read_type("chat_gone")
        assert boss.read_type("chat")
        assert people(boss) == people(third) == []

    def test_a_chat_that_nobody_owns_any_more(
        self, inbox: Any, settings: Any, owner: Any, stranger: Any, typist: Any, said: Any, customer: Any
    ) -> None:
        settings.SALES_SEE_UNASSIGNED = True
        theirs, others = inbox(owner), inbox(stranger)
        with transaction.atomic():
            unassign(lock(customer.pk, actor=None), actor=None)
        assert until(others, said[-1]) == said
        assert people(theirs) == []
        assign(customer_id=customer.pk, salesperson=owner, actor=owner)
        assert others.read_type("chat_gone")
        assert people(others) == []

    @pytest.mark.parametrize("many", [False, True])
    def test_a_team(
        self, inbox: Any, manager: Any, owner: Any, stranger: Any, typist: Any, said: Any, customer: Any,
        monkeypatch: pytest.MonkeyPatch, many: bool,
    ) -> None:  # fmt: skip
        team = Team.objects.get()
        assign(customer_id=customer.pk, salesperson=stranger, actor=owner)
        if many:
            monkeypatch.setattr(moves, "MOST", 0)
            said = [("resync_required", None), *said[1:]]
        socket = inbox(manager)
        update_team(actor=None, team=team, members=[owner, stranger])
        assert until(socket, said[-1]) == said

    def test_a_merge(self, inbox: Any, owner: Any, stranger: Any, typist: Any, said: Any, customer: Any) -> None:
        theirs = Customer.objects.create(first_name="Twin", owner=stranger)
        Customer.objects.filter(pk=customer.pk).update(owner=None)
        socket = inbox(stranger)
        merge_customers(into_id=customer.pk, gone_id=theirs.pk, actor=None)
        assert [frame for frame in until(socket, said[-1]) if frame[0] in ("presence", "typing")] == said[1:]

    def test_a_row_that_a_sync_brings(
        self, inbox: Any, owner: Any, typist: Any, said: Any, customer: Any, says: Any
    ) -> None:
        says(customer, "hello")
        socket = inbox(owner)
        socket.say(type="sync", rows={})
        assert until(socket, ("synced", None))[:-1] == said

    def test_what_is_told_while_the_store_is_asked(
        self, inbox: Any, owner: Any, stranger: Any, typist: Any, said: Any, customer: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        """They leave between the answer and its telling: that they are here is not told after it."""

        async def slowly(self: Presence, rooms: Any) -> Any:
            found = {room: [replace(one) for one in await self._ask(room)] for room in rooms}
            if any(found.values()):
                await asyncio.to_thread(typist.close)
                while any([await self._ask(room) for room in rooms]):
                    await asyncio.sleep(0.01)
                await asyncio.sleep(0.1)
            return found

        monkeypatch.setattr(Presence, "people_in", slowly)
        socket = inbox(stranger)
        assign(customer_id=customer.pk, salesperson=stranger, actor=owner)
        assert socket.read_type("chat")
        assert {data.get("status") for _, data in people(socket)} <= {"offline"}


def short(frame: dict[str, Any]) -> tuple[str, Any]:
    """The type of a frame, and of a row whose it is."""
    data = frame["data"]
    if frame["type"] == "chat":
        return "chat", data["customer"]["id"]
    return frame["type"], data if frame["type"] in ("presence", "typing") else None


def until(socket: Any, last: tuple[str, Any]) -> list[tuple[str, Any]]:
    """What is told up to something; without counts."""
    frames = [short(socket.read())]
    while frames[-1] != last:
        frames.append(short(socket.read()))
    return [frame for frame in frames if frame[0] != "counts"]


def people(socket: Any) -> list[tuple[str, Any]]:
    """What was said of people up to now."""
    return [short(frame) for frame in heard(socket) if frame["type"] in ("presence", "typing")]
