"""What was sent from the phone app that shares our number: in the chat, and no reason to answer."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from customers.models import Customer
from messaging.models import Conversation, Message
from tests.webhooks import payload, says, text

pytestmark = pytest.mark.django_db

WA_ID = "16505551234"


def test_it_is_an_outbound_message_of_nobody(post: Any, as_admin: APIClient) -> None:
    post(says(text("wamid.1", wa_id=WA_ID)))
    post(payload("echo_text"))

    row = as_admin.get("/api/messages/?direction=outbound").json()["results"][0]
    assert (row["text"], row["status"], row["sender"]) == ("I am on my way", "sent", None)
    assert row["sent_at"] == row["created_at"] == "2025-06-08T20:59:43Z"
    event = Customer.objects.get().events.filter(type="chat_message").last()
    assert event is not None
    assert event.data == {**row, "media": None}


def test_it_neither_opens_the_window_nor_counts_as_unread(post: Any) -> None:
    at = timezone.now() - timedelta(hours=30)
    post(says(text("wamid.1", wa_id=WA_ID, at=int(at.timestamp()))))
    before = Conversation.objects.values("unread_count", "last_inbound_at", "last_address").get()
    echo = payload("echo_text")
    echo["entry"][0]["changes"][0]["value"]["message_echoes"][0]["timestamp"] = str(int(timezone.now().timestamp()))
    post(echo)
    after = Conversation.objects.values("unread_count", "last_inbound_at", "last_address").get()
    assert after == before
    assert Conversation.objects.get().last_message == Message.objects.get(direction="outbound")


def test_who_was_written_to_first_becomes_a_customer_without_a_window(post: Any) -> None:
    post(payload("echo_text"))
    assert Customer.objects.get().phone == f"+{WA_ID}"
    conversation = Conversation.objects.get()
    assert (conversation.unread_count, conversation.last_inbound_at) == (0, None)


def test_statuses_find_it_and_redeliveries_do_not_double_it(post: Any) -> None:
    for _ in range(2):
        post(payload("echo_text"))
    read = payload("status_read")
    status = read["entry"][0]["changes"][0]["value"]["statuses"][0]
    status["id"] = Message.objects.get().wamid
    status.pop("biz_opaque_callback_data", None)
    post(read)
    assert Message.objects.get().status == "read"


def test_it_can_be_taken_back(post: Any) -> None:
    post(payload("echo_text"))
    Message.objects.update(wamid="wamid.HBgLORIG")
    post(payload("echo_revoke"))
    assert Message.objects.get().deleted_at is not None
