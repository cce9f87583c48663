"""The sockets of a customer who was merged into another one, or who is there again."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from customers.actions.merge import merge_customers
from customers.actions.unmerge import undo_merge
from customers.models import Customer
from tests.live_server import Socket

pytestmark = pytest.mark.django_db(transaction=True)

Open = Callable[..., Socket]


@pytest.fixture
def twin(owner: User) -> Customer:
    """The same person, in another row of `owner`'s."""
    return Customer.objects.create(first_name="Johnny", owner=owner)


def test_open_sockets_are_told_where_the_chat_went(
    open_socket: Open, token_of: Any, owner: User, admin: User, customer: Customer, twin: Customer
) -> None:
    chats = [open_socket(f"/ws/chat/{twin.pk}/", token_of(user)) for user in (owner, admin)]
    survivor = open_socket(f"/ws/chat/{customer.pk}/", token_of(owner))
    for socket in (*chats, survivor):
        socket.read_type("ready")

    merge = merge_customers(gone_id=twin.pk, into_id=customer.pk, actor=owner)

    assert [chat.close_reason() for chat in chats] == [(4404, f"merged:{customer.pk}")] * 2
    frame = survivor.read_type("customer_merged")
    assert frame["data"] == {"merge": merge.pk, "gone": twin.pk, "into": customer.pk}


def test_connecting_afterwards(
    open_socket: Open, token_of: Any, owner: User, stranger: User, customer: Customer, twin: Customer
) -> None:
    merge_customers(gone_id=twin.pk, into_id=customer.pk, actor=owner)

    path = f"/ws/chat/{twin.pk}/"

    assert open_socket(path, token_of(owner)).close_reason() == (4404, f"merged:{customer.pk}")
    assert open_socket(path, token_of(stranger)).close_reason() == (4404, "")


def test_who_may_not_see_the_survivor_is_not_told(
    open_socket: Open, token_of: Any, stranger: User, admin: User, customer: Customer
) -> None:
    theirs = Customer.objects.create(first_name="Johnny", owner=stranger)
    chat = open_socket(f"/ws/chat/{theirs.pk}/", token_of(stranger))
    chat.read_type("ready")

    merge_customers(gone_id=theirs.pk, into_id=customer.pk, actor=admin)

    assert chat.close_reason() == (4404, "")


def test_the_inbox_loses_one_row_and_gets_it_back(
    open_socket: Open, token_of: Any, owner: User, customer: Customer, twin: Customer
) -> None:
    inbox = open_socket("/ws/inbox/", token_of(owner))
    inbox.read_type("ready")

    merge = merge_customers(gone_id=twin.pk, into_id=customer.pk, actor=owner)

    frames = [inbox.read() for _ in range(2)]
    assert {frame["type"]: frame["data"] for frame in frames}["chat_gone"] == {"id": twin.pk}

    undo_merge(merge_id=merge.pk, actor=owner)

    shown: set[int] = set()
    while twin.pk not in shown:
        shown.add(inbox.read_type("chat")["data"]["customer"]["id"])


def test_the_chat_opens_again_when_it_is_undone(
    open_socket: Open, token_of: Any, owner: User, customer: Customer, twin: Customer
) -> None:
    merge = merge_customers(gone_id=twin.pk, into_id=customer.pk, actor=owner)
    undo_merge(merge_id=merge.pk, actor=owner)

    chat = open_socket(f"/ws/chat/{twin.pk}/?last_seq=0", token_of(owner))

    types = []
    while "merge_undone" not in types:
        types.append(chat.read()["type"])
    assert types == [
        "ready",
        "assignment_changed",
        "customer_merged",
        "assignment_changed",
        "customer_updated",
        "merge_undone",
    ]
