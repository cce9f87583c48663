"""The inbox says who is in the chats that its user sees, and who is typing there."""

from typing import Any

import pytest

from customers.actions.assignments import assign
from customers.models import Customer
from messaging.consumers.presence import tell

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
