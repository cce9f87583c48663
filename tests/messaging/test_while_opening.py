"""What happens while a socket opens: after the database was asked, and before the first frame."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.actions.sessions import end_sessions
from accounts.models import User
from core.live.presence import Person, Presence
from customers.actions.assignments import assign
from customers.models import Customer
from messaging.consumers import chat as chat_socket
from tests.live_server import Socket

pytestmark = pytest.mark.django_db(transaction=True)


class Held:
    """Holds up a socket that opens, once it has `asked`, until it may `go` on."""

    def __init__(self) -> None:
        self.asked, self.going = threading.Event(), threading.Event()

    def here(self) -> None:
        self.asked.set()
        assert self.going.wait(10)

    def go(self, then: Callable[[], Any]) -> None:
        """When the socket has asked, do `then`, and let it go on."""
        assert self.asked.wait(10)
        then()
        self.going.set()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    """A socket that has read everything and has said nothing."""
    held, read = Held(), chat_socket.opening_of

    def slowly(*args: Any, **kwargs: Any) -> Any:
        opening = read(*args, **kwargs)
        held.here()
        return opening

    monkeypatch.setattr(chat_socket, "opening_of", slowly)
    yield held
    held.going.set()


@pytest.fixture
def opened(open_socket: Callable[..., Socket], owner: User, token_of: Any, customer: Customer, says: Any) -> Any:
    """Open the chat as its owner, after one message."""

    def opened(query: str) -> Socket:
        says(customer, "before")
        return open_socket(f"/ws/chat/{customer.pk}/{query}", token_of(owner))

    return opened


@pytest.mark.parametrize("query", ["?last_seq=0", "?last_seq=1", "", "?last_seq=99"])
def test_a_message_comes_once(opened: Any, held: Held, customer: Customer, says: Any, query: str) -> None:
    socket = opened(query)
    held.go(lambda: says(customer, "meanwhile"))
    assert socket.read()["data"]["seq"] == 1
    if query in ("", "?last_seq=99"):
        assert socket.read()["type"] in ("recent_messages", "resync_required")
    wanted = [1, 2] if query == "?last_seq=0" else [2]
    assert [socket.read_type("chat_message")["seq"] for _ in wanted] == wanted
    says(customer, "live")
    assert socket.read_type("chat_message")["seq"] == 3
    assert socket.silent()


def test_a_session_ends(opened: Any, held: Held, owner: User) -> None:
    socket = opened("")
    held.go(lambda: end_sessions(user=owner))
    assert socket.close_code() == 4401


def test_the_customer_gets_another_owner(
    opened: Any, held: Held, customer: Customer, stranger: User, admin: User, says: Any
) -> None:
    socket = opened("?last_seq=0")

    def change() -> None:
        assign(customer_id=customer.pk, salesperson=stranger, actor=admin)
        says(customer, "for the new owner's eyes")

    held.go(change)
    frames, code = socket.until_closed()
    assert code == 4403
    assert [frame["seq"] for frame in frames if "seq" in frame] in ([], [1]), "more than was there when it was theirs"


def test_the_customer_is_erased(opened: Any, held: Held, customer: Customer, as_admin: APIClient) -> None:
    socket = opened("?last_seq=1")
    held.go(lambda: as_admin.delete(f"/api/customers/{customer.pk}/"))
    assert socket.close_code() == 4404


def test_a_colleague_leaves(
    opened: Any, monkeypatch: pytest.MonkeyPatch, admin: User, open_socket: Any, token_of: Any, customer: Customer
) -> None:
    """`ready` lists them still, so that they have to be taken off the list."""
    colleague = open_socket(f"/ws/chat/{customer.pk}/", token_of(admin))
    colleague.read_type("recent_messages")
    held, enter = Held(), Presence.enter

    async def slowly(self: Presence, *args: Any) -> list[Person]:
        people = await enter(self, *args)
        await asyncio.to_thread(held.here)
        return people

    monkeypatch.setattr(Presence, "enter", slowly)
    socket = opened("")
    held.go(colleague.close)
    ada = {"id": admin.pk, "name": "Ada"}
    assert socket.read()["data"]["present"] == [ada]
    # That she came may be told late, to a socket that knows it already.
    news = (socket.read_type("user_presence")["data"] for _ in range(2))
    assert {"user": ada, "status": "offline"} in news
