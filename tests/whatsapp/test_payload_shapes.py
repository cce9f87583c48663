"""Every shape of payload Meta sends, one file each in payloads/: what becomes of it."""

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from customers.models import Customer
from messaging.models import Attachment, Conversation, Message, StatusUpdate
from tests.webhooks import PAYLOADS, payload
from whatsapp.models import Identity, WebhookEvent

pytestmark = pytest.mark.django_db

# File -> (type, text) of the message. What has no words has its type in brackets, files excepted.
MESSAGES = {
    "text": ("text", "Does it come in another color?"),
    "text_reply": ("text", "Yes, that one"),
    "text_forwarded": ("text", "Look at this"),
    "text_frequently_forwarded": ("text", "Look at this"),
    "text_from_ad": ("text", "Is it still there?"),
    "text_about_product": ("text", "Is this one still there?"),
    "text_without_contacts": ("text", "hi"),
    "text_bsuid_only": ("text", "hello from nowhere"),
    "text_bsuid_in_from": ("text", "hello from nowhere"),
    "text_username": ("text", "hello by name"),
    "image": ("image", "Taj Mahal"),
    "image_undownloadable": ("image", ""),
    "video": ("video", ""),
    "audio": ("audio", ""),
    "voice_note": ("audio", ""),
    "voice_legacy": ("audio", ""),
    "document": ("document", "Our order"),
    "sticker": ("sticker", ""),
    "location": ("location", "Main Street Beach, Santa Cruz, CA"),
    "location_pin": ("location", "6.9271, 79.8612"),
    "contacts": ("contacts", "Barbara J. Johnson"),
    "contacts_shared_number": ("contacts", "Sheena Nelson"),
    "button": ("button", "Unsubscribe"),
    "button_without_context": ("button", "Unsubscribe"),
    "interactive_button_reply": ("interactive", "Cancel"),
    "interactive_list_reply": ("interactive", "Priority Mail Express"),
    "interactive_nfm_reply": ("interactive", "Sent"),
    "flow_reply": (
        "interactive",
        "full_name: Sheena Nelson\nguests: 4\nvegetarian: yes\ndates: 2026-12-24, 2026-12-25\n"
        "remark: Near the window, please",
    ),
    "flow_reply_unreadable": ("interactive", "Sent"),
    "address_reply": ("interactive", "saved_address_id: a1\nname: Sheena Nelson\nin_pin_code: 560034\ncity: Bengaluru"),
    "interactive_call_permission": ("interactive", "[call permission: accept]"),
    "interactive_missing": ("interactive", "[interactive]"),
    "order": ("order", "Love these!\n2 x di9ozbzfi4, 30 USD\nTotal: 60 USD"),
    "order_of_two": ("order", "2 x shirt-m, 19.99 USD\n1 x cap-01, 5.5 USD\nTotal: 45.48 USD"),
    "contacts_without_name": ("contacts", "+1 (555) 000-1, +1 (555) 000-2, Ann Lee, sales@shop.example"),
    "unknown": ("unknown", "[unknown]"),
    "ephemeral": ("ephemeral", "[ephemeral]"),
    "ephemeral_empty": ("ephemeral", "[ephemeral]"),
    "ephemeral_text": ("ephemeral", "This will be gone tomorrow"),
    "no_type_text": ("text", "I come without a type"),
    "no_type_image": ("image", "So do I"),
    "no_type_errors": ("unknown", "[unknown]"),
    "text_without_words": ("text", "[text]"),
    "location_in_text": ("location", "6.9271, 79.8612"),
    "text_milliseconds": ("text", "My clock counts finer"),
    "errors_beside_message": ("text", "I came with an error"),
    "unsupported": ("unsupported", "[unsupported]"),
    "unsupported_edit": ("unsupported", "[unsupported: edit]"),
    "unsupported_typed": ("unsupported", "[unsupported: poll_creation]"),
    "type_from_tomorrow": ("hologram", "Look around"),
}
# Messages of a business that its phone app sent.
ECHOES = {
    "echo_text": ("text", "I am on my way"),
    "echo_image": ("image", "The shop"),
    "echo_buttons": ("interactive", "Oak or pine?"),
}
# Calls that are over: the text, and whether somebody has to call back.
CALLS = {
    "call_missed": ("Missed call", True),
    "call_missed_completed": ("Missed call", True),
    "call_answered": ("Call, 1:00", False),
}
# A call that rings: who makes it is known, and nothing is shown yet.
RINGING = {"call_connect"}
# What changes a message that is not there waits for it.
ABOUT_ANOTHER = {
    "reaction",
    "reaction_empty",
    "reaction_removed",
    "edit",
    "edit_caption",
    "revoke",
    "echo_revoke",
}
NO_BUBBLE = {
    "system_number_changed",
    "system_number_changed_legacy",
    "system_user_id_changed",
    "system_identity_changed",
    "preference_stop",
    "preference_resume",
    "request_welcome",
    "account_disabled",
    "account_disabling",
    "account_reinstated",
    "account_restricted",
    "account_restricted_text_end",
    "account_restricted_otherwise",
    "account_violation",
    "account_deleted",
    "account_offboarded",
    "account_reconnected",
    "partner_removed",
    "partner_added",
    "account_alert",
    "account_alert_of_number",
    "number_onboarded",
    "number_upgraded",
    "number_flagged",
    "number_unflagged",
    "capability",
    "capability_tier",
    "security",
    "account_review",
    "number_name",
    "number_name_rejected",
    "errors_alone",
    "call_of_ours",
    "call_recording",
    "call_status",
    "status_payment",
    "status_payment_failed",
    "status_payment_pending",
    "status_payment_untyped",
    "template_status",
    "template_paused",
    "template_rejected",
    "template_disabled",
    "template_quality",
    "template_quality_in_status",
    "template_category_announced",
    "template_category",
    "template_components",
    "account_update",
    "text_in_group",
}
STATUSES = {
    "status_sent": "sent",
    "status_delivered_priced": "delivered",
    "status_typed_message": "delivered",
    "status_read": "read",
    "status_played": "played",
    "status_failed": "failed",
    "status_opted_out": "failed",
}
MEDIA = {"image", "video", "audio", "voice_note", "voice_legacy", "document", "sticker", "echo_image"}
MEDIA |= {"no_type_image"}


def test_every_file_has_its_test() -> None:
    assert {file.stem for file in PAYLOADS.glob("*.json")} == {
        *MESSAGES,
        *ECHOES,
        *CALLS,
        *RINGING,
        *ABOUT_ANOTHER,
        *NO_BUBBLE,
        *STATUSES,
    }


@pytest.mark.parametrize(("name", "expected"), MESSAGES.items())
def test_it_becomes_a_bubble(post: Any, name: str, expected: tuple[str, str]) -> None:
    body = payload(name)
    assert post(body).status_code == 200
    event = WebhookEvent.objects.get()
    assert (event.state, event.error) == ("done", "")
    message = Message.objects.get()
    assert (message.type, message.text) == expected
    said = body["entry"][0]["changes"][0]["value"]["messages"][0]
    content = said.get(said.get("type", expected[0]), said.get("text"))
    if isinstance(content, dict):
        assert content.items() <= message.payload.items()
    elif content is not None:
        assert message.payload[expected[0]] == content
    for about in ("errors", "referral"):
        assert message.payload.get(about) == said.get(about)
    assert json.loads(bytes(event.body)) == body
    assert Conversation.objects.get().unread_count == 1
    assert Attachment.objects.count() == (1 if name in MEDIA else 0)


@pytest.mark.parametrize(("name", "expected"), ECHOES.items())
def test_an_echo_becomes_a_bubble_of_ours(post: Any, name: str, expected: tuple[str, str]) -> None:
    assert post(payload(name)).status_code == 200
    assert WebhookEvent.objects.get().state == "done"
    message = Message.objects.get()
    assert (message.type, message.text, message.direction, message.status) == (*expected, "outbound", "sent")
    assert Attachment.objects.count() == (1 if name in MEDIA else 0)


@pytest.mark.parametrize(("name", "expected"), CALLS.items())
def test_a_call_is_in_the_chat(post: Any, name: str, expected: tuple[str, bool]) -> None:
    for _ in range(2):
        assert post(payload(name)).status_code == 200
    message, chat = Message.objects.get(), Conversation.objects.get()
    text, missed = expected
    assert (message.type, message.text, message.payload["missed"]) == ("call", text, missed)
    assert (message.direction, message.status) == ("inbound", "received" if missed else "read")
    assert (chat.unread_count, chat.last_message_id) == (int(missed), message.pk)
    assert chat.last_inbound_at == message.created_at
    assert message.wamid == f"wacid.HBgL{name}"


@pytest.mark.parametrize("name", sorted(RINGING))
def test_a_call_that_rings_is_not_shown_yet(post: Any, name: str) -> None:
    assert post(payload(name)).status_code == 200
    assert WebhookEvent.objects.get().state == "done"
    assert not Message.objects.exists()
    assert Identity.objects.get().wa_id == "16505551234"


def test_a_missed_call_says_how_long_it_rang(post: Any) -> None:
    began, over = payload("call_connect"), payload("call_missed")
    (call,) = began["entry"][0]["changes"][0]["value"]["calls"]
    call |= {"id": "wacid.HBgLcall_missed", "timestamp": "1749416383"}
    post(began)
    post(over)
    message = Message.objects.get()
    assert (message.text, message.payload["rang_seconds"]) == ("Missed call, rang for 0:35", 35)
    assert "session" not in message.payload


@pytest.mark.parametrize("name", sorted(ABOUT_ANOTHER))
def test_what_changes_an_unknown_message_is_tried_again(post: Any, name: str) -> None:
    assert post(payload(name)).status_code == 200
    event = WebhookEvent.objects.get()
    assert event.state == "waiting"
    assert "is not known (yet)" in event.error
    assert event.attempts < event.MAX_ATTEMPTS
    assert not Message.objects.exists()
    assert not Customer.objects.exists()


@pytest.mark.parametrize("name", sorted(NO_BUBBLE))
def test_it_is_kept_without_a_bubble(post: Any, name: str) -> None:
    assert post(payload(name)).status_code == 200
    assert WebhookEvent.objects.get().state == "done"
    assert not Message.objects.exists()
    assert not StatusUpdate.objects.exists()
    assert not Customer.objects.exists()


@pytest.mark.parametrize(("name", "status"), STATUSES.items())
def test_it_is_a_status_that_waits_for_its_message(post: Any, name: str, status: str) -> None:
    assert post(payload(name)).status_code == 200
    update = StatusUpdate.objects.get()
    assert (update.status, update.wamid, update.message) == (status, "wamid.HBgLOUT", None)
    assert WebhookEvent.objects.get().state == "done"


def test_the_error_of_a_failed_status_says_what_to_do(post: Any) -> None:
    post(payload("status_failed"))
    assert StatusUpdate.objects.get().error == {
        "code": 131047,
        "title": "The 24-hour window has closed",
        "detail": "Message failed to send because more than 24 hours have passed. Send a template",
        "retryable": False,
    }


def test_the_key_we_sent_along_comes_back(post: Any) -> None:
    post(payload("status_read"))
    assert StatusUpdate.objects.get().message_key == "12"


def test_what_a_message_costs_is_kept(post: Any) -> None:
    post(payload("status_delivered_priced"))
    priced = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "marketing"}
    assert StatusUpdate.objects.get().pricing == priced


@pytest.mark.parametrize("name", ["text_forwarded", "text_frequently_forwarded", "text_about_product"])
def test_what_the_context_says_is_kept(post: Any, name: str) -> None:
    body = payload(name)
    context = body["entry"][0]["changes"][0]["value"]["messages"][0]["context"]
    post(body)
    message = Message.objects.get()
    flags = {key: value for key, value in context.items() if key not in ("id", "from")}
    assert flags.items() <= message.payload.items()
    assert message.reply_to is None


@pytest.mark.parametrize("name", ["voice_note", "voice_legacy"])
def test_a_voice_note_says_that_it_is_one(post: Any, name: str) -> None:
    post(payload(name))
    assert Message.objects.get().payload["voice"] is True


def test_a_file_is_announced_before_it_is_here(post: Any, as_admin: APIClient) -> None:
    post(payload("document"))
    media = as_admin.get("/api/messages/").json()["results"][0]["media"]
    assert media == {
        "url": None,
        "thumbnail_url": None,
        "original_url": None,
        "state": "pending",
        "mime_type": "application/pdf",
        "size": None,
        "file_name": "offer 2026.pdf",
        "width": None,
        "height": None,
        "error": None,
    }
    event = Customer.objects.get().events.get(type="chat_message")
    assert event.data["media"]["state"] == "pending"


def test_the_username_is_the_handle_of_a_new_customer(post: Any) -> None:
    post(payload("text_username"))
    customer = Customer.objects.get()
    assert (customer.username, customer.phone) == ("sheena.n", None)


def test_a_reply_knows_what_it_answers(post: Any) -> None:
    first = payload("text")
    first["entry"][0]["changes"][0]["value"]["messages"][0]["id"] = "wamid.HBgLOURS"
    post(first)
    post(payload("text_reply"))
    assert Message.objects.get(text="Yes, that one").reply_to == Message.objects.get(wamid="wamid.HBgLOURS")


@pytest.mark.parametrize("name", ["text_bsuid_only", "text_bsuid_in_from"])
def test_a_sender_without_a_phone(post: Any, name: str) -> None:
    post(payload(name))
    customer = Customer.objects.get()
    assert (customer.phone, customer.name) == (None, "Sheena Nelson")
    identity = Identity.objects.get()
    assert (identity.wa_id, identity.user_id) == (None, "US.13491208655302741918")


@pytest.mark.parametrize("searched", ["window, please", "2026-12-25", "yes"])
def test_what_was_filled_into_a_form_is_found(post: Any, as_admin: APIClient, searched: str) -> None:
    post(payload("flow_reply"))
    post(payload("text"))
    (row,) = as_admin.get("/api/messages/", {"search": searched}).json()["results"]
    assert row["payload"]["nfm_reply"]["response_json"].startswith('{"flow_token": "t1"')


def test_a_time_in_milliseconds_is_the_same_time(post: Any) -> None:
    post(payload("text_milliseconds"))
    assert Message.objects.get().created_at.isoformat() == "2025-06-08T20:59:43.123000+00:00"


def test_all_of_them_in_one_body_twice(post: Any) -> None:
    entries = []
    for file in sorted(PAYLOADS.glob("*.json")):
        for entry in payload(file.stem)["entry"]:
            for one in (item for change in entry["changes"] for item in _messages(change["value"])):
                one["id"] = f"{one['id']}.{file.stem}"  # several files have the same
            entries.append(entry)
    body = {"object": "whatsapp_business_account", "entry": entries}
    counts = []
    for _ in range(2):
        assert post(body).status_code == 200
        shown = Message.objects.exclude(type="system")
        counts.append((shown.count(), StatusUpdate.objects.count(), Customer.objects.count()))
    assert counts[0] == counts[1]
    assert counts[0][0] == len(MESSAGES) + len(ECHOES) + len(CALLS)
    for file in {*MESSAGES, *ECHOES, *CALLS}:
        assert Message.objects.filter(wamid__endswith=f".{file}").count() == 1, file
    assert counts[0][1] == len(set(STATUSES.values()))  # all of one message
    for event in WebhookEvent.objects.all():
        assert len(event.error.splitlines()) == len(ABOUT_ANOTHER)
        assert all("is not known (yet)" in line for line in event.error.splitlines()), event.error


def _messages(value: dict[str, Any]) -> list[dict[str, Any]]:
    return [*value.get("messages", []), *value.get("message_echoes", []), *value.get("calls", [])]
