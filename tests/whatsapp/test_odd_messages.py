"""What a client writes differently than others is shown or kept: it neither fails nor costs its neighbours anything."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from messaging.models import Attachment, Conversation, Message
from tests.webhooks import change, drain, envelope, message_item, says, status, text
from whatsapp.models import WebhookEvent
from whatsapp.webhook import queue

pytestmark = pytest.mark.django_db

WHO = "94771234567"
LONG = "long " * 20_000
DEEP = json.loads("[" * 200 + "]" * 200)


def of(kind: Any, content: Any = None, **more: Any) -> dict[str, Any]:
    """An item of `messages` with this content under the name of its type."""
    return {"from": WHO, "id": "wamid.odd", "timestamp": "1763700000", "type": kind, str(kind): content, **more}


def without(key: str, item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != key}


# Name -> the message, and how it is shown: its type and text.
SHOWN: dict[str, tuple[dict[str, Any], str, str]] = {
    "a NUL": (of("text", {"body": "a\x00b"}), "text", "ab"),
    "NULs alone": (of("text", {"body": "\x00\x00"}), "text", "[text]"),
    "a NUL in a key": (of("text", {"body": "Hi", "x\x00": 1}), "text", "Hi"),
    "a lone surrogate": (of("text", {"body": "Hi \ud83d"}), "text", "Hi "),
    "a surrogate in a caption": (of("image", {"id": "1", "caption": "\udc00Look"}), "image", "Look"),
    "a number as body": (of("text", {"body": 5}), "text", "5"),
    "a fraction as body": (of("text", {"body": 1.5}), "text", "1.5"),
    "an endless number": (of("text", {"body": 10**400}), "text", str(10**400)),
    "true as body": (of("text", {"body": True}), "text", "[text]"),
    "null as body": (of("text", {"body": None}), "text", "[text]"),
    "a list as body": (of("text", {"body": ["Hi"]}), "text", "[text]"),
    "an empty body": (of("text", {"body": ""}), "text", "[text]"),
    "no body": (of("text", {}), "text", "[text]"),
    "null as text": (of("text", None), "text", "[text]"),
    "words as text": (of("text", "Hi"), "text", "Hi"),
    "a number as text": (of("text", 7), "text", "7"),
    "a list as text": (of("text", []), "text", "[text]"),
    "no text": (without("text", of("text")), "text", "[text]"),
    "a very long text": (of("text", {"body": LONG}), "text", LONG),
    "a text of different words": (
        of("text", {"body": " ".join(map(str, range(50_000)))}),
        "text",
        " ".join(map(str, range(50_000))),
    ),
    "something nested deeply": (of("text", {"body": "Hi", "deep": DEEP}), "text", "Hi"),
    "something nested deeply beside it": ({**of("text", {"body": "Hi"}), "deep": DEEP}, "text", "Hi"),
    "a number as sender": ({**of("text", {"body": "Hi"}), "from": int(WHO)}, "text", "Hi"),
    "a sender with blanks": ({**of("text", {"body": "Hi"}), "from": "+94 77 123-4567"}, "text", "Hi"),
    "a number as id": ({**of("text", {"body": "Hi"}), "id": 12345}, "text", "Hi"),
    "a NUL in the id": ({**of("text", {"body": "Hi"}), "id": "wamid.\x00odd"}, "text", "Hi"),
    "no type": (without("type", of("text", {"body": "Hi"})), "text", "Hi"),
    "null as type": ({**of("text", {"body": "Hi"}), "type": None}, "text", "Hi"),
    "a number as type": ({**of("text", {"body": "Hi"}), "type": 3}, "text", "Hi"),
    "a list as type": ({**of("text", {"body": "Hi"}), "type": ["text"]}, "text", "Hi"),
    "a long type": ({**of("text", {"body": "Hi"}), "type": "t" * 41}, "text", "Hi"),
    "neither type nor content": (message_item(WHO, "wamid.odd", context={"id": "x"}), "unknown", "[unknown]"),
    "unknown": (of("unknown"), "unknown", "[unknown]"),
    "unknown with null as errors": (of("unknown", errors=None), "unknown", "[unknown]"),
    "unknown with a word as errors": (of("unknown", errors="131051"), "unknown", "[unknown]"),
    "unknown with empty errors": (of("unknown", errors=[]), "unknown", "[unknown]"),
    "unknown with NULs in its errors": (of("unknown", errors=[{"title": "a\x00"}]), "unknown", "[unknown]"),
    "ephemeral": (of("ephemeral"), "ephemeral", "[ephemeral]"),
    "a type from tomorrow": (of("hologram", {"hue": 3}), "hologram", "[hologram]"),
    "a type from tomorrow in one word": (of("hologram", "blue"), "hologram", "[hologram]"),
    "an image of an unknown kind": (of("image", {"id": "1", "mime_type": "image/\x00jxl"}), "image", ""),
    "a number as mime type": (of("image", {"id": "1", "mime_type": 7}), "image", ""),
    "a long mime type": (of("document", {"id": "1", "mime_type": "m" * 900}), "document", ""),
    "a number as id of a file": (of("video", {"id": 17, "caption": "Look"}), "video", "Look"),
    "a file without id": (of("audio", {"voice": True}), "audio", ""),
    "a file in one word": (of("image", "1"), "image", ""),
    "null as sticker": (of("sticker"), "sticker", ""),
    "a list as caption": (of("image", {"id": "1", "caption": ["x"]}), "image", ""),
    "a long file name": (of("document", {"id": "1", "filename": "n" * 900, "caption": "Here"}), "document", "Here"),
    "a location without coordinates": (of("location", {}), "location", "[location]"),
    "a location with half of them": (of("location", {"latitude": 6.9}), "location", "[location]"),
    "a location with odd ones": (of("location", {"latitude": "6,9", "longitude": None}), "location", "[location]"),
    "a location by name alone": (of("location", {"name": "Beach", "latitude": {}}), "location", "Beach"),
    "no cards": (of("contacts", []), "contacts", "[contacts]"),
    "null as cards": (of("contacts"), "contacts", "[contacts]"),
    "one card without its list": (of("contacts", {"name": {"formatted_name": "Ann"}}), "contacts", "Ann"),
    "odd cards": (of("contacts", [None, 7, {"name": "Ann", "phones": [None, {"phone": 5}]}]), "contacts", "5"),
    "an unknown interactive": (of("interactive", {"type": "swipe", "swipe": {}}), "interactive", "[interactive]"),
    "an interactive without type": (of("interactive", {"button_reply": {"title": "Yes"}}), "interactive", "Yes"),
    "a number as title": (of("interactive", {"type": "list_reply", "list_reply": {"title": 3}}), "interactive", "3"),
    "null as button": (of("button"), "button", "[button]"),
    "a form answered in a list": (
        of("interactive", {"type": "nfm_reply", "nfm_reply": {"response_json": "[1]", "body": "Sent"}}),
        "interactive",
        "Sent",
    ),
    "an order without items": (of("order", {"catalog_id": "1"}), "order", "[order]"),
    "an order of nothing": (of("order", {"product_items": []}), "order", "[order]"),
    "an order of null": (
        of("order", {"product_items": [None], "text": "Please"}),
        "order",
        "Please\n? x article\nTotal: unknown. The price or quantity of 1 item could not be read.",
    ),
    "null as order": (of("order"), "order", "[order]"),
    "a number as context": (of("text", {"body": "Hi"}, context=7), "text", "Hi"),
    "a list as context": (of("text", {"body": "Hi"}, context=["wamid.x"]), "text", "Hi"),
    "an answer to a number": (of("text", {"body": "Hi"}, context={"id": 7}), "text", "Hi"),
    "a word as referral": (of("text", {"body": "Hi"}, referral="ad"), "text", "Hi"),
    "an odd referral": (of("text", {"body": "Hi"}, referral={"source_id": {"a": "\x00"}}), "text", "Hi"),
    "a list as identity": (of("text", {"body": "Hi"}, identity=[1]), "text", "Hi"),
    "an edit of nothing": (of("edit", {"message": {"type": "text", "text": {"body": "Hi"}}}), "text", "Hi"),
}  # fmt: skip
# What says nothing that a person could read, and waits for nothing.
KEPT: dict[str, dict[str, Any]] = {
    "a reaction to nothing": of("reaction", {"emoji": "x"}),
    "a reaction to null": of("reaction", {"message_id": None, "emoji": "x"}),
    "a reaction to a list": of("reaction", {"message_id": ["wamid.x"], "emoji": "x"}),
    "null as reaction": of("reaction"),
    "a word as reaction": of("reaction", "x"),
    "an edit without words": of("edit", {"original_message_id": "wamid.before", "message": {"type": "text"}}),
    "an edit of null": of("edit"),
    "a deletion of nothing": of("revoke", {}),
    "null as deletion": of("revoke"),
    "a notice about nobody": message_item("me", "wamid.odd", type="system", system=None),
    "an opened chat": of("request_welcome"),
}
# Times that are none: the message has that of its arrival.
TIMES: list[Any] = [
    None,
    "",
    "soon",
    "9" * 400,
    "-5",
    "0",
    0,
    True,
    {},
    [],
    "1763700000.5",
    "2025-11-21T04:40:00Z",
    "\x00",
]
CONTACTS: list[Any] = [
    None,
    [],
    {},
    "x",
    [None],
    [7],
    [{"wa_id": 5}],
    [{"profile": None}],
    [{"profile": {"name": ["x"]}}],
]


def neighbours() -> list[str]:
    return [one.text for one in Message.objects.order_by("pk") if one.wamid in ("wamid.before", "wamid.after")]


def take(post: Any, odd: Any, **value: Any) -> WebhookEvent:
    """Post it between two others, twice; return what became of it."""
    body = says(text("wamid.before", "Before"), odd, text("wamid.after", "After"), **value)
    for _ in range(2):
        assert post(body).status_code == 200
    assert neighbours() == ["Before", "After"]
    first: WebhookEvent
    first, second = WebhookEvent.objects.order_by("pk")
    assert (first.state, first.error) == (second.state, second.error)
    assert json.loads(bytes(first.body)) == body
    return first


@pytest.mark.parametrize("name", SHOWN)
def test_it_is_shown_and_waits_for_an_answer(post: Any, name: str) -> None:
    item, kind, words = SHOWN[name]
    event = take(post, item)
    assert (event.state, event.error) == ("done", "")
    message = Message.objects.exclude(wamid__in=["wamid.before", "wamid.after"]).get()
    assert (message.type, message.text, message.status) == (kind, words, "received")
    chat = Conversation.objects.get()
    assert (chat.unread_count, chat.customer.phone) == (3, f"+{WHO}")
    assert chat.waiting_since is not None


def test_all_of_them_stand_in_one_chat(post: Any, as_admin: APIClient, admin: User, client: Client) -> None:
    """Every page that shows messages shows these, too."""
    items = [item for item, _, _ in SHOWN.values()]
    post(says(*({**item, "id": f"wamid.{number}"} for number, item in enumerate(items))))
    drain()
    assert WebhookEvent.objects.get().state == "done"
    chat = Conversation.objects.get()
    rows = as_admin.get(f"/api/customers/{chat.customer_id}/messages/", {"page_size": 100}).json()["results"]
    assert len(rows) == len(items) == chat.unread_count
    client.force_login(admin)
    for page in ("customers/customer/%d/change/?section=chat", "messaging/conversation/%d/change/"):
        shown = client.get(f"/admin/{page % (chat.customer_id if 'customer' in page else chat.pk)}")
        assert shown.status_code == 200, page
    for row in rows:
        assert client.get(f"/admin/messaging/message/{row['id']}/change/").status_code == 200, row


@pytest.mark.parametrize("name", KEPT)
def test_it_is_kept_and_done(post: Any, name: str) -> None:
    event = take(post, KEPT[name])
    assert (event.state, event.error, event.elements) == ("done", "", 3)
    assert Message.objects.count() == 2


@pytest.mark.parametrize("said", TIMES, ids=repr)
def test_without_a_time_it_has_that_of_its_arrival(post: Any, said: Any) -> None:
    event = take(post, {**of("text", {"body": "When?"}), "timestamp": said})
    assert event.state == "done"
    message = Message.objects.get(text="When?")
    assert abs(message.created_at - event.received_at) < timedelta(seconds=1)
    chat = Conversation.objects.get()
    assert chat.last_inbound_at == message.created_at, "the service window is open"


def test_that_time_stays_when_it_is_handled_later(post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as away:
        away.setattr(queue, "process", lambda event, deadline: None)
        post(says(without("timestamp", of("text", {"body": "When?"}))))
    hours_ago = timezone.now() - timedelta(hours=3)
    WebhookEvent.objects.update(received_at=hours_ago, lease_until=None)
    assert drain() == 1
    assert abs(Message.objects.get().created_at - hours_ago) < timedelta(seconds=1)


@pytest.mark.parametrize("contacts", CONTACTS, ids=repr)
def test_odd_contacts(post: Any, contacts: Any) -> None:
    event = take(post, of("text", {"body": "Hi"}), contacts=contacts)
    assert (event.state, event.error) == ("done", "")
    assert Message.objects.count() == 3


@pytest.mark.parametrize(
    "odd",
    [
        {"timestamp": None},
        {"timestamp": {}},
        {"status": None},
        {"status": ["read"]},
        {"status": "melted"},
        {"errors": "x"},
        {"errors": [7], "status": "failed"},
        {"errors": {"code": "\x00"}, "status": "failed"},
        {"pricing": []},
        {"recipient_id": {}},
        {"conversation": "\ud800"},
        {"id": 12},
        {"type": 7},
    ],
    ids=repr,
)
def test_odd_statuses(post: Any, odd: dict[str, Any]) -> None:
    event = take(post, of("text", {"body": "Hi"}), statuses=[{**status("wamid.out", "read"), **odd}])
    assert (event.state, event.error) == ("done", "")


def test_a_file_of_an_unknown_kind_is_fetched(post: Any) -> None:
    take(post, of("image", {"id": 17, "mime_type": 7, "filename": "\x00"}))
    assert Attachment.objects.values_list("provider_id", "mime_type", "file_name").get() == ("17", "", "")


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (without("from", of("text", {"body": "Hi"})), "no sender"),
        ({**of("text", {"body": "Hi"}), "from": ""}, "no sender"),
        (without("id", of("text", {"body": "Hi"})), "id is missing or not an id"),
        ({**of("text", {"body": "Hi"}), "id": {}}, "id is missing or not an id"),
        ({**of("text", {"body": "Hi"}), "id": "w" * 201}, "id is longer than 200 characters"),
        ([], "not an object"),
    ],
)
def test_what_cannot_be_understood_says_why(post: Any, odd: Any, reason: str) -> None:
    event = take(post, odd)
    assert (event.state, event.error) == ("failed", f"entry[0].changes[0].messages[1]: {reason}")
    assert Message.objects.count() == 2


def test_other_changes_of_the_body_are_read(post: Any) -> None:
    body = envelope({"field": "messages", "value": None}, change(messages=[text("wamid.1")]))
    post(body)
    assert Message.objects.get().wamid == "wamid.1"
