"""Who is in a chat, and who is typing there: `ready` says it to whoever comes."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from core.live import presence
from customers.models import Customer
from tests.live_server import Socket

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def chat(open_socket: Callable[..., Socket], token_of: Any, customer: Customer) -> Any:
    """Open the customer's chat as a user; returns the socket and what `ready` says of people."""

    def opened(user: User, customer: Customer = customer) -> tuple[Socket, dict[str, Any]]:
        socket = open_socket(f"/ws/chat/{customer.pk}/?last_seq={customer.last_seq}", token_of(user))
        said = socket.read_type("ready")["data"]
        return socket, {name: said[name] for name in ("present", "typing")}

    return opened


def ref(user: User) -> dict[str, Any]:
    return {"id": user.pk, "name": user.name}


def until_said(socket: Socket, type: str, user: User, **data: Any) -> None:
    """Read on until this is said of the user."""
    while socket.read_type(type)["data"] != {"user": ref(user), **data}:
        pass


def test_ready_lists_the_colleagues(chat: Any, owner: User, admin: User, stranger: User, customer: Customer) -> None:
    theirs = Customer.objects.create(first_name="Somebody else's", owner=stranger)
    chat(stranger, theirs)

    first, said = chat(owner)
    assert said == {"present": [], "typing": []}
    chat(owner)  # in two tabs, and listed once
    second, said = chat(admin)
    assert said == {"present": [ref(owner)], "typing": []}
    until_said(first, "user_presence", admin, status="online")

    second.close()
    until_said(first, "user_presence", admin, status="offline")
    assert chat(owner)[1] == {"present": [], "typing": []}


def test_who_closed_one_of_two_tabs_is_still_listed(chat: Any, owner: User, admin: User) -> None:
    watcher, _ = chat(admin)
    first, _ = chat(owner)
    second, _ = chat(owner)
    first.close()
    until_said(watcher, "user_presence", owner, status="offline")
    assert chat(admin)[1]["present"] == [ref(owner)]
    until_said(watcher, "user_presence", owner, status="online")
    second.close()
    until_said(watcher, "user_presence", owner, status="offline")
    assert chat(admin)[1]["present"] == []


def test_ready_lists_who_is_typing(chat: Any, owner: User, admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    watcher, _ = chat(admin)
    typist, _ = chat(owner)

    typist.say(type="typing", is_typing=True)
    until_said(watcher, "typing_indicator", owner, is_typing=True)
    assert chat(admin)[1] == {"present": [ref(owner)], "typing": [ref(owner)]}
    assert chat(owner)[1] == {"present": [ref(admin)], "typing": []}

    typist.say(type="typing", is_typing=False)
    until_said(watcher, "typing_indicator", owner, is_typing=False)
    assert chat(admin)[1] == {"present": [ref(owner)], "typing": []}

    monkeypatch.setattr(presence, "TYPING_SECONDS", 0)  # they went away without a word
    typist.say(type="typing", is_typing=True)
    until_said(watcher, "typing_indicator", owner, is_typing=True)
    assert chat(admin)[1]["typing"] == []


def test_who_may_not_see_a_chat_is_not_in_it(
    chat: Any, owner: User, stranger: User, open_socket: Any, token_of: Any, customer: Customer
) -> None:
    assert open_socket(f"/ws/chat/{customer.pk}/", token_of(stranger)).close_code() == 4404
    assert chat(owner)[1]["present"] == []
