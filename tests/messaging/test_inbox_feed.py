"""What an inbox is told when something goes wrong."""

import asyncio
import threading
from typing import Any

import pytest
from django.db import OperationalError

from core.live.groups import DESK
from core.live.hub import Hub
from messaging.actions.chat_states import close_chat
from messaging.consumers import inbox

pytestmark = pytest.mark.django_db(transaction=True)


def test_changes_that_cannot_be_loaded_ask_for_a_resync(
    open_socket: Any, admin: Any, token_of: Any, customer: Any, as_admin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = open_socket("/ws/inbox/", token_of(admin))
    assert socket.read()["type"] == "ready"

    def away(customer_ids: list[int]) -> Any:
        raise OperationalError("away")

    with monkeypatch.context() as patch:
        patch.setattr(inbox, "desk_rows", away)
        as_admin.put(f"/api/customers/{customer.pk}/", {"notes": "1"})
        assert socket.read()["type"] == "resync_required"
    as_admin.put(f"/api/customers/{customer.pk}/", {"notes": "2"})
    assert socket.read()["data"]["customer"]["notes"] == "2"


def test_a_chat_that_is_closed_while_its_row_is_read(
    open_socket: Any, owner: Any, token_of: Any, customer: Any, says: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who sees open chats only is told that it is gone, though the row that was read is still an open one."""
    says(customer)
    socket = open_socket("/ws/inbox/?state=open", token_of(owner))
    assert socket.read()["type"] == "ready"
    desk_rows = inbox.desk_rows

    def slowly(customer_ids: list[int]) -> Any:
        rows = desk_rows(customer_ids)
        monkeypatch.setattr(inbox, "desk_rows", desk_rows)
        close_chat(customer_id=customer.pk, actor=owner)
        return rows

    monkeypatch.setattr(inbox, "desk_rows", slowly)
    says(customer, "and?")
    assert socket.read_type("chat")["data"]["customer"]["state"] == "open"
    assert socket.read_type("chat_gone")["data"] == {"id": customer.pk}


def test_an_inbox_that_closes_while_another_opens_does_not_silence_it(
    open_socket: Any, admin: Any, token_of: Any, customer: Any, as_admin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The layer takes its time over a subscription, and the other inbox closes meanwhile."""
    join, joining = Hub.join, threading.Event()

    async def slowly(hub: Hub, group: str, subscriber: Any) -> None:
        await join(hub, group, subscriber)
        if group == DESK:
            joining.set()
            await asyncio.sleep(0.5)

    first = open_socket("/ws/inbox/", token_of(admin))
    first.read()
    monkeypatch.setattr(Hub, "join", slowly)
    second = open_socket("/ws/inbox/", token_of(admin))
    assert joining.wait(5)
    first.close()
    assert second.read()["type"] == "ready"
    as_admin.put(f"/api/customers/{customer.pk}/", {"notes": "1"})
    assert second.read()["type"] == "chat"
