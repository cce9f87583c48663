"""ws/chat/<customer_id>/"""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient
from websockets.exceptions import ConnectionClosed

from accounts.actions.sessions import end_session, end_sessions, sign_in
from accounts.models import Session
from customers.actions.assignments import assign
from customers.actions.customers import erase_customer
from customers.models import Customer, Event
from messaging.models import Message

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def chat(open_socket: Any, customer: Any, owner: Any, token_of: Any) -> Any:
    """Open the customer's chat, as the owner unless told otherwise, and read its first frames."""

    def opened(user: Any = owner, query: str = "", greeting: int = 2) -> Any:
        socket = open_socket(f"/ws/chat/{customer.pk}/{query}", token_of(user))
        socket.greeting = [socket.read() for _ in range(greeting)]
        return socket

    return opened


def test_it_greets_with_the_position_and_the_recent_messages(
    chat: Any, as_owner: Any, customer: Any, says: Any
) -> None:
    for n in range(52):
        says(customer, f"message {n}")
    ready, recent = chat().greeting
    assert ready["type"] == "ready"
    assert ready["data"] == {"seq": 52, "present": [], "typing": []}
    assert "seq" not in ready
    assert recent["type"] == "recent_messages"
    history = as_owner.get(f"/api/customers/{customer.pk}/messages/?page_size=50").json()["results"]
    assert recent["data"]["messages"] == list(reversed(history))


def test_a_message_comes_in_live_and_looks_as_in_rest(chat: Any, as_owner: Any, customer: Any, says: Any) -> None:
    socket = chat()
    pk = says(customer, "hello")
    frame = socket.read()
    assert set(frame) == {"type", "seq", "at", "actor", "data"}
    assert (frame["type"], frame["seq"]) == ("chat_message", 1)
    assert frame["data"] == as_owner.get(f"/api/messages/{pk}/").json()
    assert as_owner.get(f"/api/customers/{customer.pk}/events/").json()["results"] == [frame]


def test_an_answer_over_the_socket(chat: Any, owner: Any, customer: Any, says: Any) -> None:
    asked = says(customer, "hello?")
    socket, colleague = chat(), chat()
    socket.say(type="chat_message", text="hi", client_id="c-1", reply_to=asked)
    frame = socket.read_type("chat_message")
    assert frame == colleague.read_type("chat_message")
    assert (frame["type"], frame["data"]["text"], frame["data"]["client_id"]) == ("chat_message", "hi", "c-1")
    assert frame["data"]["sender"] == {"id": owner.pk, "name": "Sam"}
    assert frame["data"]["reply_to"] == asked
    socket.say(type="chat_message", text="hi", client_id="c-1", reply_to=asked)
    again = socket.read()
    assert "seq" not in again
    assert again["data"] == frame["data"]
    assert colleague.silent()
    assert Message.objects.filter(direction="outbound").count() == 1


def test_a_refused_answer_is_an_error_with_its_client_id(chat: Any, customer: Any, says: Any) -> None:
    socket = chat()
    socket.say(type="chat_message", text="hi", client_id="c-1")
    error = socket.read()
    assert error["type"] == "error"
    assert error["data"]["code"] == "outside_service_window"
    assert error["data"]["client_id"] == "c-1"
    socket.say(type="chat_message", text=" ", client_id="c-2")
    assert socket.read()["data"]["code"] == "invalid"
    assert not Message.objects.exists()


def test_mark_read_typing_and_ping(chat: Any, owner: Any, admin: Any, customer: Any, says: Any) -> None:
    pk = says(customer)
    socket = chat()
    colleague = chat(admin)
    assert socket.read_type("user_presence")["data"] == {"user": {"id": admin.pk, "name": "Ada"}, "status": "online"}
    socket.say(type="typing", is_typing=True)
    frame = colleague.read_type("typing_indicator")
    assert frame["data"] == {"user": {"id": owner.pk, "name": "Sam"}, "is_typing": True}
    assert "seq" not in frame
    socket.say(type="mark_read")
    assert socket.read()["data"]["up_to"] == pk
    assert colleague.read()["type"] == "messages_read"
    socket.say(type="ping")
    assert socket.read()["type"] == "pong"
    colleague.close()
    assert socket.read_type("user_presence")["data"]["status"] == "offline"


def test_a_user_who_closes_one_of_two_tabs_is_still_online(chat: Any, admin: Any) -> None:
    watcher = chat()
    first, _ = chat(admin), chat(admin)
    assert [watcher.read_type("user_presence")["data"]["status"] for _ in range(2)] == ["online", "online"]

    first.close()

    frames = [watcher.read_type("user_presence")["data"] for _ in range(2)]
    assert [frame["status"] for frame in frames] == ["offline", "online"]
    assert {frame["user"]["id"] for frame in frames} == {admin.pk}


def test_it_resumes_after_the_cursor_without_gap_or_repetition(chat: Any, customer: Any, says: Any) -> None:
    for n in range(7):
        says(customer, f"message {n}")
    socket = chat(query="?last_seq=3", greeting=1)
    assert socket.greeting[0]["data"]["seq"] == 7
    assert [socket.read()["seq"] for _ in range(4)] == [4, 5, 6, 7]
    says(customer, "live")
    assert socket.read()["seq"] == 8
    assert chat(query="?last_seq=8", greeting=1).silent()


@pytest.mark.parametrize("cursor", ["-1", "99", "x", "", "1" * 40, "%00"])
def test_a_cursor_that_cannot_be_resumed_asks_for_a_resync(chat: Any, customer: Any, says: Any, cursor: str) -> None:
    says(customer)
    socket = chat(query=f"?last_seq={cursor or 'None'}")
    assert socket.greeting[1]["type"] == "resync_required"
    says(customer)
    assert socket.read()["seq"] == 2


def test_a_cursor_older_than_the_kept_log_asks_for_a_resync(chat: Any, customer: Any, says: Any) -> None:
    for _ in range(4):
        says(customer)
    Event.objects.filter(seq__lte=2).delete()
    assert chat(query="?last_seq=1").greeting[1]["type"] == "resync_required"
    assert chat(query="?last_seq=2", greeting=1).read()["seq"] == 3


def test_more_than_a_thousand_behind_asks_for_a_resync(chat: Any, customer: Any) -> None:
    Event.objects.bulk_create([Event(customer=customer, seq=n, type="x") for n in range(1, 1003)])
    Customer.objects.filter(pk=customer.pk).update(last_seq=1002)
    assert chat(query="?last_seq=1").greeting[1]["type"] == "resync_required"
    socket = chat(query="?last_seq=2", greeting=1)
    numbers: list[int] = []
    while len(numbers) < 1000:
        frame = socket.read()
        if frame["type"] != "user_presence":  # about the first socket, which may come late
            numbers.append(frame["seq"])
    assert numbers == list(range(3, 1003))


def test_a_hole_is_filled_from_the_log(chat: Any, customer: Any, says: Any) -> None:
    """An event that the channel layer lost is sent as soon as the next one shows that it is missing."""
    socket = chat()
    says(customer)
    assert socket.read()["seq"] == 1
    Event.objects.create(customer=customer, seq=2, type="customer_updated", data={"lost": True})
    Customer.objects.filter(pk=customer.pk).update(last_seq=2)
    says(customer)
    assert [socket.read()["seq"], socket.read()["seq"]] == [2, 3]


@pytest.mark.parametrize("path", ["/ws/chat/{}/", "/ws/inbox/"])
def test_sockets_that_are_refused(
    open_socket: Any, token_of: Any, customer: Any, owner: Any, customer_login: Any, path: str
) -> None:
    url = path.format(customer.pk)
    session = sign_in(user=owner)
    assert open_socket(url).close_code() == 4401
    assert open_socket(url, "garbage").close_code() == 4401
    assert open_socket(url, session.refresh).close_code() == 4401
    assert open_socket(f"{url}?ticket=garbage").close_code() == 4401
    assert open_socket(f"{url}?token=garbage").close_code() == 4401
    assert open_socket(f"{url}?token={session.refresh}").close_code() == 4401
    assert open_socket(url, token_of(customer_login)).close_code() == 4403
    end_session(session=session.session, actor=None)
    assert open_socket(url, session.access).close_code() == 4401
    assert open_socket(f"{url}?token={session.access}").close_code() == 4401


def test_foreign_and_missing_chats_look_the_same(open_socket: Any, token_of: Any, stranger: Any, customer: Any) -> None:
    for pk in (customer.pk, 99999, 10**30):
        assert open_socket(f"/ws/chat/{pk}/", token_of(stranger)).close_code() == 4404


def test_a_ticket_opens_one_socket(open_socket: Any, as_owner: Any, customer: Any) -> None:
    ticket = as_owner.post("/api/auth/ws-ticket/").json()["ticket"]
    url = f"/ws/chat/{customer.pk}/?ticket={ticket}"
    assert open_socket(url).read()["type"] == "ready"
    assert open_socket(url).close_code() == 4401


def test_origins(open_socket: Any, token_of: Any, owner: Any, customer: Any, server: Any, settings: Any) -> None:
    url, token = f"/ws/chat/{customer.pk}/", token_of(owner)
    assert open_socket(url, token, origin="https://evil.example").close_code() == 4403
    assert open_socket(url, token, origin=server.url).read()["type"] == "ready"
    assert open_socket(url, token, origin="http://localhost:3000").read()["type"] == "ready"


def test_the_server_selects_the_bearer_subprotocol(open_socket: Any, token_of: Any, owner: Any, customer: Any) -> None:
    socket = open_socket(f"/ws/chat/{customer.pk}/", token_of(owner))
    assert socket.connection.subprotocol == "bearer"


def test_losing_the_customer_closes_the_chat_before_another_event_is_seen(
    chat: Any, customer: Any, admin: Any, stranger: Any, says: Any
) -> None:
    socket, admins = chat(), chat(admin)
    assign(customer_id=customer.pk, salesperson=stranger, actor=admin)
    says(customer, "for the new owner's eyes")
    assert socket.close_code() == 4403
    assert admins.read_type("assignment_changed")["data"]["salesperson"]["id"] == stranger.pk
    replay = chat(stranger, query="?last_seq=0", greeting=1)
    assert replay.read()["type"] == "assignment_changed"
    assert replay.read()["data"]["text"] == "for the new owner's eyes"


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (lambda client, user, customer: end_sessions(user=user), 4401),
        (lambda client, user, customer: client.patch(f"/api/users/{user.pk}/", {"is_active": False}), 4401),
        (lambda client, user, customer: client.patch(f"/api/users/{user.pk}/", {"password": "New-pass-1234"}), 4401),
        (lambda client, user, customer: client.delete(f"/api/users/{user.pk}/"), 4401),
        (lambda client, user, customer: client.delete(f"/api/customers/{customer.pk}/"), 4404),
    ],
    ids=["session ended", "deactivated", "password changed", "removed", "customer erased"],
)
def test_sockets_end_with_what_opened_them(
    chat: Any, as_admin: APIClient, owner: Any, customer: Any, end: Any, code: int
) -> None:
    socket = chat()
    end(as_admin, owner, customer)
    assert socket.close_code() == code


def test_a_socket_closes_when_its_token_expires(
    open_socket: Any, owner: Any, customer: Any, token_of: Any, settings: Any
) -> None:
    for seconds in (1, 2, 4, 8):  # tokens expire at a whole second, and a busy machine may open the socket after that
        settings.ACCESS_TOKEN_MINUTES = seconds / 60
        socket = open_socket(f"/ws/chat/{customer.pk}/", token_of(owner))
        frames, code = socket.until_closed()
        assert code == 4401
        if len(frames) > 1:  # otherwise it expired while the socket was opened
            # After them comes who left, if that was seen late.
            assert [frame["type"] for frame in frames[:2]] == ["ready", "recent_messages"]
            return
    raise AssertionError("no socket was opened in time")


def test_a_ticket_lives_as_long_as_its_session(open_socket: Any, as_owner: Any, customer: Any) -> None:
    ticket = as_owner.post("/api/auth/ws-ticket/").json()["ticket"]
    Session.objects.update(expires_at=timezone.now() + timedelta(seconds=1))
    assert open_socket(f"/ws/chat/{customer.pk}/?ticket={ticket}").close_code() == 4401


@pytest.mark.parametrize(
    "text", ["{", "[]", "null", '"x"', "[" * 60000, '{"type": "dance"}', '{"type": ["ping"]}', '{"type": "typing"}']
)
def test_a_bad_frame_gets_an_error_and_nothing_else(chat: Any, text: str) -> None:
    socket = chat()
    socket.connection.send(text)
    error = socket.read()
    assert error["type"] == "error"
    assert error["data"]["detail"]
    socket.say(type="ping")
    assert socket.read()["type"] == "pong"


def test_frames_of_bytes_floods_and_giants(chat: Any) -> None:
    socket = chat()
    socket.connection.send(b"\x00\x01")
    assert socket.read()["type"] == "error"
    socket.connection.send("x" * 70000)
    assert socket.close_code() == 1009
    flooding = chat()
    with suppress(ConnectionClosed):  # the server may have enough before all of them are sent
        for _ in range(400):
            flooding.say(type="dance")
    assert flooding.close_code() == 1008


def test_unstorable_text_is_refused(chat: Any, customer: Any, says: Any) -> None:
    says(customer)
    socket = chat()
    for text in (r"nul \u0000", r"lone \ud800"):
        socket.connection.send(f'{{"type": "chat_message", "client_id": "c-1", "text": "{text}"}}')
        assert socket.read()["type"] == "error"
    assert Message.objects.count() == 1


def test_erasing_goes_through_the_action_too(chat: Any, admin: Any, customer: Any) -> None:
    socket = chat()
    erase_customer(customer_id=customer.pk, actor=admin)
    assert socket.close_code() == 4404
