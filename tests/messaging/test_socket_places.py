"""How many sockets there may be, and by which host they are reached."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from customers.models import Customer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", ""])
@pytest.mark.parametrize("path", ["/ws/inbox/", "/ws/nothing/"])
def test_a_foreign_host_is_refused(open_socket: Any, owner: User, token_of: Any, host: str, path: str) -> None:
    socket = open_socket(path, token_of(owner), additional_headers={"Host": host})

    assert socket.until_closed() == ([], 4403)


def test_a_foreign_host_uses_up_no_ticket(open_socket: Any, as_owner: APIClient) -> None:
    ticket = as_owner.post("/api/auth/ws-ticket/").json()["ticket"]

    assert open_socket(f"/ws/inbox/?ticket={ticket}", additional_headers={"Host": "evil.example"}).close_code() == 4403
    assert open_socket(f"/ws/inbox/?ticket={ticket}").read()["type"] == "ready"


@pytest.fixture
def three(settings: Any) -> None:
    settings.SOCKETS_PER_USER = 3


@pytest.mark.usefixtures("three")
def test_one_too_many_closes_the_one_that_was_idle_longest(
    open_socket: Any, owner: User, admin: User, token_of: Any, customer: Customer
) -> None:
    token, path = token_of(owner), f"/ws/chat/{customer.pk}/"
    colleague = open_socket(path, token_of(admin))
    colleague.read_type("recent_messages")
    first, second, third = [open_socket(path, token) for _ in range(3)]
    for socket in (first, second, third):
        socket.read_type("recent_messages")
    first.say(type="mark_read")  # the oldest, but in use
    second.say(type="ping")  # no more than a sign of life
    second.read_type("pong")
    first.say(type="ping")
    first.read_type("pong")

    fourth = open_socket(path, token)

    assert fourth.read()["type"] == "ready"
    assert second.close_code() == 4429
    for socket in (first, third, fourth, colleague):
        socket.say(type="ping")
        assert socket.read_type("pong")


@pytest.mark.usefixtures("three")
def test_a_closed_socket_leaves_its_place(open_socket: Any, owner: User, token_of: Any) -> None:
    token = token_of(owner)
    kept = open_socket("/ws/inbox/", token)
    kept.read()
    for _ in range(5):
        passing = open_socket("/ws/inbox/", token)
        passing.read()
        passing.close()

    kept.say(type="ping")
    assert kept.read_type("pong")


def test_an_address_has_so_many_sockets_without_a_sign_in(
    open_socket: Any, owner: User, token_of: Any, settings: Any
) -> None:
    settings.SOCKETS_PER_ADDRESS = 0

    assert open_socket("/ws/inbox/").close_code() == 1013
    assert open_socket("/ws/inbox/?ticket=x").close_code() == 1013
    assert open_socket("/ws/inbox/", "nonsense").close_code() == 1013
    assert open_socket("/ws/inbox/", token_of(owner)).read()["type"] == "ready", "whoever is signed in is not counted"
    settings.SOCKETS_PER_ADDRESS = 1
    for _ in range(3):  # one after the other
        assert open_socket("/ws/inbox/").close_code() == 4401


def test_a_ticket_opens_more_than_an_address_has(open_socket: Any, as_owner: APIClient, settings: Any) -> None:
    settings.SOCKETS_PER_ADDRESS = 1
    for _ in range(3):
        ticket = as_owner.post("/api/auth/ws-ticket/").json()["ticket"]
        assert open_socket(f"/ws/inbox/?ticket={ticket}").read()["type"] == "ready"
