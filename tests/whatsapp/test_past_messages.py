"""What was written in the phone app before Patter: it fills chats, and disturbs nobody."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from customers.models import Customer, Event
from messaging.models import Attachment, BusinessNumber, Conversation, Message, StatusUpdate
from tests.webhooks import PAYLOADS, drain, says, text
from tests.webhooks import payload as any_payload
from whatsapp.models import Identity, WebhookEvent

pytestmark = pytest.mark.django_db

ANN, BOB = "16505551234", "16505559999"
FOLDER = "coexistence"
SHAPES = sorted(file.stem for file in (PAYLOADS / FOLDER).glob("*.json"))


def payload(name: str) -> dict[str, Any]:
    """A payload of the folder of this test."""
    return any_payload(f"{FOLDER}/{name}")


def counts() -> dict[str, int]:
    models = (Message, Customer, Conversation, Identity, Attachment, Event, StatusUpdate)
    return {model.__name__: model._default_manager.count() for model in models}


@pytest.fixture
def take(post: Any) -> Any:
    """Post a payload of a file, and do what the relay would."""

    def taken(name: str) -> None:
        assert post(payload(name)).status_code == 200
        drain()

    return taken


def person(wa_id: str) -> Customer:
    found: Customer = Customer.objects.get(phone=f"+{wa_id}")
    return found


def chat_of(client: APIClient, customer: Customer) -> list[dict[str, Any]]:
    page = client.get(f"/api/customers/{customer.pk}/messages/").json()["results"]
    return list(reversed(page))


@pytest.mark.parametrize("name", SHAPES)
def test_each_shape_twice_counts_once(take: Any, name: str) -> None:
    take("history_chunk")
    take("standby_answer")
    take(name)
    once = counts()
    take(name)
    assert counts() == once


def test_all_in_any_order_come_to_the_same(take: Any) -> None:
    for name in ("history_chunk", "standby_answer", *SHAPES):
        take(name)
    in_order = {row["wamid"]: row for row in Message.objects.values("wamid", "type", "text", "status", "created_at")}
    for model in (Event, Message, Customer, WebhookEvent):
        model._default_manager.all().delete()
    for name in reversed(SHAPES):
        take(name)
    WebhookEvent.objects.exclude(state="done").update(not_before=timezone.now())
    drain()
    again = {row["wamid"]: row for row in Message.objects.values("wamid", "type", "text", "status", "created_at")}
    assert again.keys() == in_order.keys()
    assert {key: row["created_at"] for key, row in again.items()} == {
        key: row["created_at"] for key, row in in_order.items()
    }


def test_a_chunk_fills_its_chats(take: Any, as_admin: APIClient) -> None:
    take("history_chunk")
    shown = chat_of(as_admin, person(ANN))
    assert [(one["wamid"], one["direction"], one["status"]) for one in shown] == [
        ("wamid.h1", "inbound", "read"),
        ("wamid.h2", "outbound", "read"),
        ("wamid.h3", "outbound", "delivered"),
        ("wamid.h4", "outbound", "sent"),
        ("wamid.h5", "outbound", "played"),
        ("wamid.h6", "outbound", "sent"),
        ("wamid.h7", "outbound", "failed"),
        ("wamid.h8", "inbound", "read"),
        ("wamid.h10", "inbound", "read"),
    ]
    first, answer = shown[0], shown[2]
    assert (first["text"], first["created_at"], first["ordered_at"]) == (
        "Do you have oak tables?",
        "2025-06-08T16:26:40Z",
        "2025-06-08T16:26:40Z",
    )
    assert [(one["emoji"], one["from"]) for one in first["reactions"]] == [("\U0001f44d", "business")]
    assert answer["reply_to"] == first["id"]
    assert {one["handled_by"] for one in shown} == {None}
    assert shown[6]["error"]["code"] == "not_sent"
    assert [one["text"] for one in chat_of(as_admin, person(BOB))] == ["Your order is ready.", "Thank you"]
    assert not Message.objects.filter(status__in=("queued", "sending")).exists()


def test_nothing_is_unread_and_nobody_waits(take: Any, as_admin: APIClient, owner: User) -> None:
    take("history_chunk")
    row = as_admin.get(f"/api/customers/{person(ANN).pk}/").json()
    assert (row["unread_count"], row["waiting_since"], row["owner"]) == (0, None, None)
    assert row["last_message"]["text"] == "Jim"
    assert row["last_message_at"] == "2025-06-08T16:30:20Z"
    assert row["window_expires_at"] == "2025-06-09T16:30:20Z"
    assert row["can_send"]["reason"] == "outside_service_window"


def test_screens_are_told_once_for_each_chat(take: Any) -> None:
    take("history_chunk")
    told = Event.objects.filter(type="history_added").order_by("customer")
    assert [event.data for event in told] == [
        {"count": 9, "from": "2025-06-08T16:26:40Z", "to": "2025-06-08T16:30:20Z"},
        {"count": 2, "from": "2025-06-07T12:40:00Z", "to": "2025-06-07T12:41:40Z"},
    ]
    assert not Event.objects.filter(type__in=("chat_message", "assignment_changed", "message_updated")).exists()


def test_recent_words_open_the_window(post: Any, as_admin: APIClient) -> None:
    body = payload("history_chunk")
    ago = timezone.now() - timedelta(hours=1)
    messages = body["entry"][0]["changes"][0]["value"]["history"][0]["threads"][0]["messages"]
    messages[0]["timestamp"] = str(int(ago.timestamp()))
    post(body)
    row = as_admin.get(f"/api/customers/{person(ANN).pk}/").json()
    assert row["can_send"] == {"text": True, "template": True, "reason": None}
    assert (row["unread_count"], row["waiting_since"]) == (0, None)


def test_what_came_in_since_stays_unread_and_waits(post: Any, take: Any, as_admin: APIClient) -> None:
    now = int(timezone.now().timestamp())
    post(says(text("wamid.live", wa_id=ANN, at=now)))
    before = as_admin.get(f"/api/customers/{person(ANN).pk}/").json()
    take("history_chunk")
    after = as_admin.get(f"/api/customers/{person(ANN).pk}/").json()
    names = ("unread_count", "waiting_since", "last_message", "window_expires_at", "owner")
    assert {name: after[name] for name in names} == {name: before[name] for name in names}
    assert after["unread_count"] == 1


def test_whoever_writes_later_gets_an_owner(post: Any, take: Any, owner: User) -> None:
    take("history_chunk")
    assert person(ANN).owner is None
    post(says(text("wamid.live", wa_id=ANN)))
    assert person(ANN).owner is not None
    assert person(BOB).owner is None


def test_a_history_that_is_no_list_is_read_as_well(take: Any) -> None:
    take("history_object")
    assert WebhookEvent.objects.get().state == "done"
    message = Message.objects.get()
    assert (message.text, message.direction, message.customer.phone) == ("Hi", "inbound", "+16505559999")


def test_a_later_chunk_adds_what_is_older(take: Any, as_admin: APIClient) -> None:
    take("history_chunk")
    take("history_chunk_later")
    shown = chat_of(as_admin, person(ANN))
    assert [one["wamid"] for one in shown][:2] == ["wamid.h0", "wamid.h1"]
    assert Conversation.objects.get(customer=person(ANN)).last_message_id == shown[-1]["id"]


def test_a_file_comes_later(take: Any, as_admin: APIClient) -> None:
    take("history_chunk")
    before = Message.objects.get(wamid="wamid.h8")
    assert (before.type, before.text) == ("media_placeholder", "[media_placeholder]")
    take("history_media")
    take("history_media_of_ours")
    after = Message.objects.get(wamid="wamid.h8")
    assert (after.pk, after.type, after.text) == (before.pk, "image", "Like this one")
    assert set(Attachment.objects.values_list("message__wamid", "provider_id")) == {
        ("wamid.h8", "901"),
        ("wamid.h5", "902"),
    }
    # However old the message is: the provider has just said where the file is.
    assert min(one.provider_until for one in Attachment.objects.all()) > timezone.now() + timedelta(days=6)


def test_a_file_may_come_first(take: Any) -> None:
    take("history_media")
    take("history_chunk")
    assert Message.objects.get(wamid="wamid.h8").type == "image"
    assert Attachment.objects.get().message.wamid == "wamid.h8"


def test_a_file_of_ours_waits_for_its_chat(take: Any) -> None:
    take("history_media_of_ours")
    assert WebhookEvent.objects.get().state == "waiting"
    take("history_chunk")
    WebhookEvent.objects.exclude(state="done").update(not_before=timezone.now())
    drain()
    assert Attachment.objects.get().message.wamid == "wamid.h5"
    assert set(WebhookEvent.objects.values_list("state", flat=True)) == {"done"}


def test_a_declined_history_says_why(take: Any) -> None:
    take("history_declined")
    event = WebhookEvent.objects.get()
    assert event.state == "done"
    assert "2593109: History sync" in event.account_errors
    assert not Customer.objects.exists()


def test_a_broken_message_takes_none_along(take: Any) -> None:
    take("history_broken_message")
    assert Message.objects.get().wamid == "wamid.h1"
    error = WebhookEvent.objects.get().error
    assert "history[0].threads[0]: a chat with nobody" in error
    assert "history[0].threads[1].messages[0]: id is missing" in error


def test_long_chats_are_stored_in_parts(post: Any, as_admin: APIClient) -> None:
    body = payload("history_chunk")
    [part] = body["entry"][0]["changes"][0]["value"]["history"]
    part["threads"] = [
        {
            "id": ANN,
            "messages": [
                {
                    "from": ANN,
                    "id": f"wamid.{n}",
                    "timestamp": str(1749400000 + n),
                    "type": "text",
                    "text": {"body": "x"},
                }
                for n in range(450)
            ],
        }
    ]
    post(body)
    drain()
    assert Message.objects.count() == 450
    assert Event.objects.filter(type="history_added").count() == 3
    assert WebhookEvent.objects.get().state == "done"


def test_names_come_from_the_contacts_of_the_app(take: Any) -> None:
    take("history_chunk")
    take("state_sync_add")
    assert (person(ANN).first_name, person(ANN).last_name) == ("Ann", "Lee")
    Customer.objects.filter(pk=person(ANN).pk).update(first_name="Anna")
    take("state_sync_add")
    take("state_sync_remove")
    assert (person(ANN).first_name, person(ANN).last_name) == ("Anna", "Lee")


def test_the_agents_chat_is_shown_and_not_unread(take: Any, as_admin: APIClient) -> None:
    take("standby_message")
    take("standby_answer")
    take("standby_status")
    shown = chat_of(as_admin, person(ANN))
    assert [(one["direction"], one["text"], one["status"], one["handled_by"]) for one in shown] == [
        ("inbound", "How much is it?", "read", "agent"),
        ("outbound", "10 EUR", "read", "agent"),
    ]
    row = as_admin.get(f"/api/customers/{person(ANN).pk}/").json()
    assert (row["unread_count"], row["waiting_since"]) == (0, None)
    assert row["window_expires_at"] == "2025-06-12T00:00:00Z"
    events = Event.objects.filter(type="chat_message").values_list("data__handled_by", flat=True)
    assert list(events) == ["agent", "agent"]


def test_who_writes_to_the_desk_is_nobody_elses(post: Any, as_admin: APIClient) -> None:
    post(says(text("wamid.1")))
    [message] = as_admin.get("/api/messages/").json()["results"]
    assert message["handled_by"] is None


def test_erasing_somebody_leaves_the_history_of_others(take: Any, as_admin: APIClient, number: BusinessNumber) -> None:
    take("history_chunk")
    WebhookEvent.objects.update(state="pending", elements=0)
    as_admin.delete(f"/api/customers/{person(ANN).pk}/")
    body = bytes(WebhookEvent.objects.get().body)
    assert ANN.encode() not in body
    assert BOB.encode() in body
