"""The counts of the desk on the inbox socket."""

import asyncio
import threading
import time
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from customers.models import Customer
from messaging.consumers import inbox_counts
from messaging.models import Conversation

URL = "/api/desk/counts/"
ZERO = dict.fromkeys(("open", "waiting", "unread", "snoozed", "closed", "closing_soon", "unassigned"), 0)


@pytest.mark.django_db(transaction=True)
def test_the_inbox_says_so_when_they_change(
    open_socket: Any, token_of: Any, owner: User, stranger: User, customer: Customer, says: Any, as_owner: APIClient
) -> None:
    mine, foreign = (open_socket("/ws/inbox/", token_of(user)) for user in (owner, stranger))
    assert mine.read_type("counts")["data"] == foreign.read_type("counts")["data"] == ZERO
    for _ in range(3):
        says(customer)
    said = mine.read_type("counts")
    assert said["data"] == {**ZERO, "open": 1, "waiting": 1, "unread": 1} == as_owner.get(URL).json()
    assert "seq" not in said
    as_owner.patch(f"/api/customers/{customer.pk}/", {"notes": "nothing that counts"})
    assert mine.read()["type"] == "chat"
    assert mine.silent(1.5)
    assert foreign.silent()


@pytest.mark.django_db(transaction=True)
def test_what_changes_by_itself_is_not_told_more_often(
    open_socket: Any, token_of: Any, owner: User, customer: Customer, says: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_counts, "REFRESH_SECONDS", 0)
    says(customer)
    mine = open_socket("/ws/inbox/", token_of(owner))
    assert mine.read_type("counts")["data"]["open"] == 1
    told_at = time.monotonic()
    Conversation.objects.update(state="closed")
    assert mine.read_type("counts")["data"]["open"] == 0
    assert time.monotonic() - told_at > 0.9


class Listener:
    """An inbox that notes when it was told."""

    open = True

    def __init__(self, user: User) -> None:
        self.user = user
        self.told: list[float] = []

    def push(self, text: str) -> None:
        self.told.append(time.monotonic())


@pytest.mark.django_db(transaction=True)
def test_what_changes_while_it_is_counted_is_told_a_second_later(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    socket, counting = Listener(owner), threading.Event()
    numbers = iter(range(9))

    def count(_: Any) -> Any:
        number = next(numbers)
        counting.set()
        time.sleep(0.6 if number == 0 else 0)  # only once is the database slow
        return {"open": number}

    async def change_while_counting() -> None:
        counts = inbox_counts.InboxCounts()
        counts.changed(socket)
        await asyncio.to_thread(counting.wait)
        counts.changed(socket)
        while len(socket.told) < 2:
            await asyncio.sleep(0.01)
        counts.forget(socket)

    monkeypatch.setattr(inbox_counts, "desk_counts", count)
    asyncio.run(change_while_counting())
    first, second = socket.told
    assert second - first >= inbox_counts.PAUSE_SECONDS
