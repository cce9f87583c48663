"""The customer's side of the sandbox: what is written arrives as Meta would bring it, and what is sent is seen."""

from collections.abc import Callable
from datetime import timedelta
from time import time
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from config.endpoints import endpoint_of
from contacts.models import Contact
from customers.models import Customer
from messaging.actions.receipts import show_typing
from messaging.models import BusinessNumber, Message, Receipt
from messaging.relay.downloads import Downloads
from messaging.relay.outbox import Outbox
from messaging.relay.receipts import Receipts
from tests.cast import ClientOf
from tests.graph_double import GraphDouble
from tests.media_files import jpeg, mp4, opus, picture, upload
from whatsapp.message_templates import accounts, sync
from whatsapp.models import Identity, WebhookEvent
from whatsapp.sandbox import views
from whatsapp.sandbox.account import PHONE_NUMBER_ID

PHONE = "+94771234567"
CHAT = "/sandbox/chats/+94771234567/"

Say = Callable[..., str]


@pytest.fixture(autouse=True)
def _at_home(settings: Any) -> None:
    settings.DEBUG = True


@pytest.fixture
def phone(db: None) -> Client:
    return Client()


@pytest.fixture
def say(phone: Client) -> Say:
    """Write on the phone, and return the id of the new message."""

    def write(type: str = "text", *, files: bool = False, **said: Any) -> str:
        body = {"type": type, **said}
        answer = phone.post(CHAT, body) if files else phone.post(CHAT, body, content_type="application/json")
        assert answer.status_code == 201, answer.content
        wamid: str = answer.json()["id"]
        return wamid

    return write


@pytest.fixture
def desk(customer: Customer, as_owner: APIClient) -> Callable[[], list[dict[str, Any]]]:
    """What the customer's salesperson sees, the newest message first."""
    return lambda: as_owner.get(f"/api/customers/{customer.pk}/messages/").json()["results"]


@pytest.fixture
def answer(customer: Customer, as_owner: APIClient) -> Callable[..., dict[str, Any]]:
    """Let the salesperson send a message, which leaves at once; returns it as the API shows it."""

    def send(**said: Any) -> dict[str, Any]:
        body = {"customer": customer.pk, **said}
        files = "media" in said
        sent = as_owner.post("/api/messages/", body, format="multipart" if files else "json")
        assert sent.status_code in (200, 201, 202), sent.content
        leave()
        shown: dict[str, Any] = as_owner.get(f"/api/messages/{sent.json()['id']}/").json()
        return shown

    return send


def leave() -> None:
    """Do what the relay would: send, and show ticks."""
    for source in (Outbox(), Receipts()):
        for job in source.claim(10):
            source.run(job)


def seen(phone: Client, path: str = CHAT) -> dict[str, Any]:
    answer = phone.get(path)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


class TestWhereItIs:
    PATHS = (CHAT, "/sandbox/numbers/", "/sandbox/media/1/")

    @pytest.mark.parametrize("path", PATHS)
    @pytest.mark.parametrize("off", ["DEBUG", "WHATSAPP_SANDBOX"])
    def test_not_in_production_and_not_with_a_real_number(
        self, phone: Client, settings: Any, path: str, off: str
    ) -> None:
        assert phone.options(path).status_code == 200
        setattr(settings, off, False)
        for method in ("get", "post", "options"):
            assert getattr(phone, method)(path).status_code == 404
        assert not endpoint_of("POST", CHAT).takes_files
        assert not WebhookEvent.objects.exists()

    def test_not_in_swagger(self, phone: Client) -> None:
        assert not [path for path in phone.get("/swagger.json").json()["paths"] if "sandbox" in path]

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.example"},
            {"Origin": "http://localhost:3000"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site", "Origin": "http://testserver:3000"},
        ],
    )
    def test_pages_of_other_origins_are_kept_out(self, phone: Client, say: Say, headers: dict[str, str]) -> None:
        say(text="the only one")
        for body, kind in (({"type": "text", "text": "x"}, "application/json"), ("type=text&text=x", "text/plain")):
            refused = phone.post(CHAT, body, content_type=kind, headers=headers)
            assert refused.status_code == 403
        for answer in (refused, phone.get(CHAT, headers=headers), phone.options(CHAT, headers=headers)):
            assert answer.status_code == 403
            assert not [name for name in answer.headers if name.lower().startswith("access-control")]
        assert Message.objects.count() == 1
        assert WebhookEvent.objects.count() == 1

    def test_its_own_page_is_let_in(self, phone: Client) -> None:
        own = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
        body = {"type": "text", "text": "Hello"}
        assert phone.post(CHAT, body, content_type="application/json", headers=own).status_code == 201


class TestWriting:
    def test_a_text_makes_a_customer(self, phone: Client, as_admin: APIClient) -> None:
        body = {"type": "text", "text": "  Is it blue?\nYes", "profile_name": "Nimal"}
        assert phone.post("/sandbox/chats/0771234567/", body, content_type="application/json").status_code == 201
        (row,) = as_admin.get("/api/customers/").json()["results"]
        assert (row["name"], row["phone"]) == ("Nimal", PHONE)
        (message,) = as_admin.get(f"/api/customers/{row['id']}/messages/").json()["results"]
        assert (message["text"], message["direction"]) == ("  Is it blue?\nYes", "inbound")
        assert WebhookEvent.objects.get().state == "done"
        assert Identity.objects.get().wa_id == "94771234567"

    def test_the_webhook_checks_the_signature(self, phone: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(views, "sign", lambda body: "sha256=" + "0" * 64)
        answer = phone.post(CHAT, {"type": "text", "text": "x"}, content_type="application/json")
        assert (answer.status_code, answer.json()["detail"]) == (502, "The webhook answered 401.")
        assert not WebhookEvent.objects.exists()

    @pytest.mark.parametrize(
        ("said", "type", "text", "payload"),
        [
            (
                {"type": "location", "latitude": 6.93, "longitude": 79.85, "name": "Fort", "profile_name": "Jo"},
                "location",
                "Fort",
                {"latitude": 6.93, "longitude": 79.85, "name": "Fort"},
            ),
            (
                {"type": "contacts", "contacts": [{"name": {"formatted_name": "Rosa"}, "phones": [{"phone": "+1"}]}]},
                "contacts",
                "Rosa",
                {"contacts": [{"name": {"formatted_name": "Rosa", "first_name": "Rosa"}, "phones": [{"phone": "+1"}]}]},
            ),
            ({"type": "button", "text": "Thanks"}, "button", "Thanks", {"text": "Thanks", "payload": "Thanks"}),
            (
                {"type": "button_reply", "id": "yes", "title": "Yes, please"},
                "interactive",
                "Yes, please",
                {"type": "button_reply", "button_reply": {"id": "yes", "title": "Yes, please"}},
            ),
            (
                {"type": "list_reply", "id": "r1", "title": "Oak", "description": "solid"},
                "interactive",
                "Oak",
                {"type": "list_reply", "list_reply": {"id": "r1", "title": "Oak", "description": "solid"}},
            ),
            (
                {"type": "nfm_reply", "name": "flow", "answers": {"flow_token": "t", "day": "Friday"}},
                "interactive",
                "day: Friday",
                {
                    "type": "nfm_reply",
                    "nfm_reply": {
                        "name": "flow",
                        "body": "Sent",
                        "response_json": '{"flow_token": "t", "day": "Friday"}',
                    },
                },
            ),
            (
                {"type": "call_permission_reply", "response": "reject"},
                "interactive",
                "[call permission: reject]",
                {
                    "type": "call_permission_reply",
                    "call_permission_reply": {"response": "reject", "response_source": "user_action"},
                },
            ),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_it_arrives_as_what_it_is(
        self, say: Say, desk: Any, said: dict[str, Any], type: str, text: str, payload: dict[str, Any]
    ) -> None:
        wamid = say(**said)
        (message,) = desk()
        assert (message["type"], message["text"], message["payload"]) == (type, text, payload)
        assert Message.objects.get().wamid == wamid

    @pytest.mark.parametrize(
        ("type", "file", "mime_type", "more"),
        [
            ("image", jpeg(), "image/jpeg", {"text": "look"}),
            ("video", upload("a.mp4", mp4(), "video/mp4"), "video/mp4", {"text": "and here"}),
            ("audio", upload("v.ogg", opus(), "audio/ogg"), "audio/ogg", {"voice": "true"}),
            ("document", upload("list.pdf", b"%PDF-1.7\n%%EOF\n", "application/pdf"), "application/pdf", {}),
            ("sticker", upload("s.webp", picture("WEBP"), "image/webp"), "image/webp", {}),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_files(
        self, say: Say, desk: Any, phone: Client, type: str, file: Any, mime_type: str, more: dict[str, str]
    ) -> None:
        file.seek(0)
        content = file.read()
        file.seek(0)
        say(type, files=True, file=file, **more)
        (shown,) = seen(phone)["messages"]
        before = phone.get(f"/sandbox/media/{shown['content']['id']}/")
        assert b"".join(before.streaming_content) == content
        for job in Downloads().claim(10):
            Downloads().run(job)
        (message,) = desk()
        assert (message["type"], message["text"], message["media"]["state"]) == (type, more.get("text", ""), "ready")
        assert message["media"]["mime_type"] == mime_type
        after = phone.get(f"/sandbox/media/{shown['content']['id']}/")
        assert (b"".join(after.streaming_content), after["Content-Type"]) == (content, mime_type)
        assert before["Content-Security-Policy"] == after["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert shown["content"].get("voice", False) is (type == "audio")

    def test_a_reply_a_reaction_an_edit_and_a_deletion(self, say: Say, desk: Any, answer: Any, phone: Client) -> None:
        first = say(text="Is it bleu?")
        ours = answer(text="Yes, it is.")
        wamid = Message.objects.get(pk=ours["id"]).wamid
        say(text="Great", reply_to=wamid)
        assert desk()[0]["reply_to"] == ours["id"]
        say("reaction", message_id=wamid, emoji="👍")
        assert [reaction["emoji"] for reaction in desk()[1]["reactions"]] == ["👍"]
        assert seen(phone)["messages"][1]["reactions"] == [{"from": "customer", "emoji": "👍"}]
        say("reaction", message_id=wamid, emoji="")
        assert seen(phone)["messages"][1]["reactions"] == []
        say("edit", message_id=first, text="Is it blue?")
        assert (desk()[2]["text"], bool(desk()[2]["edited_at"])) == ("Is it blue?", True)
        say("revoke", message_id=first)
        assert desk()[2]["deleted_at"] is not None
        shown = seen(phone)["messages"]
        assert (shown[0]["deleted"], shown[0]["text"], shown[2]["reply_to"]) == (True, "", wamid)

    def test_an_order(self, say: Say, desk: Any) -> None:
        say("order", catalog_id="c1", products=["p1", "p2"])
        (message,) = desk()
        assert message["type"] == "order"
        assert [one["product_retailer_id"] for one in message["payload"]["product_items"]] == ["p1", "p2"]
        assert "p1" in message["text"]

    def test_calls_are_allowed_for_seven_days(self, say: Say, desk: Any) -> None:
        say("call_permission_reply", response="accept")
        reply = desk()[0]["payload"]["call_permission_reply"]
        assert (reply["response"], reply["is_permanent"]) == ("accept", False)
        assert timedelta(days=6) < timedelta(seconds=reply["expiration_timestamp"] - time()) < timedelta(days=8)

    def test_the_own_number_is_proved(self, say: Say, desk: Any, customer: Customer) -> None:
        say("own_number")
        assert desk()[0]["type"] == "contacts"
        assert Identity.objects.get().shared_at is not None

    @pytest.mark.parametrize(
        ("said", "field"),
        [
            ({"type": "teleport"}, "type"),
            ({}, "type"),
            ({"type": "text", "text": ""}, "text"),
            ({"type": "text", "text": "x" * 4097}, "text"),
            ({"type": "image"}, "file"),
            ({"type": "location", "latitude": 91, "longitude": 0}, "latitude"),
            ({"type": "reaction", "message_id": "wamid.x", "emoji": "ha"}, "emoji"),
            ({"type": "edit", "message_id": "wamid.unknown", "text": "x"}, "message_id"),
            ({"type": "revoke", "message_id": "wamid.unknown"}, "message_id"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_what_is_refused(self, phone: Client, said: dict[str, Any], field: str) -> None:
        answer = phone.post(CHAT, said, content_type="application/json")
        assert (answer.status_code, list(answer.json())) == (400, [field])
        assert not WebhookEvent.objects.exists()

    def test_a_body_that_is_no_object(self, phone: Client) -> None:
        assert phone.post(CHAT, "[1]", content_type="application/json").status_code == 400
        assert not WebhookEvent.objects.exists()

    def test_nobody_changes_what_others_wrote(self, say: Say, answer: Any, phone: Client, desk: Any) -> None:
        first = say(text="mine")
        ours = Message.objects.get(pk=answer(text="ours")["id"]).wamid
        before = desk()
        for path, wamid in ((CHAT, ours), ("/sandbox/chats/+94770000001/", first)):
            for change in ({"type": "edit", "text": "x"}, {"type": "revoke"}):
                body = {**change, "message_id": wamid}
                assert phone.post(path, body, content_type="application/json").status_code == 400
        assert desk() == before
        assert WebhookEvent.objects.count() == 1

    def test_no_number_and_no_such_file(self, phone: Client) -> None:
        assert phone.get("/sandbox/chats/nonsense/").status_code == 400
        assert phone.get(f"{CHAT}?number=999").status_code == 404
        assert phone.get("/sandbox/media/999/").status_code == 404
        text = upload("a.png", b"no picture", "image/png")
        answer = phone.post(CHAT, {"type": "image", "file": text})
        assert (answer.status_code, list(answer.json())) == (400, ["file"])
        assert not Message.objects.exists()


class TestSeeing:
    def test_the_ticks_on_what_the_customer_wrote(
        self, say: Say, answer: Any, phone: Client, settings: Any, customer: Customer, as_owner: APIClient
    ) -> None:
        settings.WHATSAPP_READ_RECEIPTS = "on_read"
        say(text="one")
        assert [row["status"] for row in seen(phone)["messages"]] == ["delivered"]
        assert as_owner.post(f"/api/customers/{customer.pk}/read/").status_code == 200
        leave()
        say(text="two")
        assert [row["status"] for row in seen(phone)["messages"]] == ["read", "delivered"]

    def test_somebody_types(self, say: Say, phone: Client, customer: Customer) -> None:
        say(text="one")
        before = seen(phone)
        show_typing(customer.pk)
        leave()
        now = seen(phone, f"{CHAT}?after={before['version']}")
        assert (before["typing"], now["typing"]) == (False, True)
        Receipt.objects.update(not_before=timezone.now() - timedelta(seconds=26))
        assert seen(phone, f"{CHAT}?after={now['version']}")["typing"] is False

    def test_nothing_is_sent_twice_that_is_known(self, say: Say, phone: Client) -> None:
        say(text="one")
        version = seen(phone)["version"]
        assert phone.get(f"{CHAT}?after={version}").status_code == 204
        say(text="two")
        assert len(seen(phone, f"{CHAT}?after={version}")["messages"]) == 2

    def test_what_has_not_left_is_not_seen(
        self, say: Say, phone: Client, as_owner: APIClient, customer: Customer
    ) -> None:
        say(text="one")
        assert as_owner.post("/api/messages/", {"customer": customer.pk, "text": "later"}).status_code == 201
        assert len(seen(phone)["messages"]) == 1
        leave()
        assert seen(phone)["messages"][1]["body"]["text"] == {"body": "later"}

    def test_two_phones_of_one_customer_have_a_chat_each(
        self, say: Say, phone: Client, answer: Any, as_owner: APIClient, customer: Customer
    ) -> None:
        say(text="from the first")
        answer(text="to the first")
        other = "/sandbox/chats/+94779999999/"
        contact = {"customer": customer.pk, "email": "rosa@example.com", "tp_number": "+94110000001"}
        made = as_owner.post("/api/contacts/", {**contact, "wa_number": "+94779999999"})
        assert made.status_code == 201, made.content
        Contact.objects.update(is_confirmed=True)
        phone.post(other, {"type": "text", "text": "from the second"}, content_type="application/json")
        assert Customer.objects.count() == 1
        answer(text="to the second")
        words = [
            [row.get("text") or row["body"]["text"]["body"] for row in seen(phone, path)["messages"]]
            for path in (CHAT, other)
        ]
        assert words == [["from the first", "to the first"], ["from the second", "to the second"]]

    def test_who_is_offered(self, say: Say, phone: Client, customer: Customer) -> None:
        say(text="Hello")
        found = phone.get("/sandbox/numbers/").json()
        assert [number["id"] for number in found["business"]] == [PHONE_NUMBER_ID]
        assert found["customers"] == [{"phone": PHONE, "name": "John Doe"}]

    @pytest.mark.parametrize("before", [None, "", PHONE_NUMBER_ID])
    def test_its_number_is_shown_as_people_read_it(
        self, say: Say, phone: Client, as_owner: APIClient, customer: Customer, before: str | None
    ) -> None:
        if before is not None:
            BusinessNumber.objects.create(external_id=PHONE_NUMBER_ID, display=before)
        say(text="Hello")
        (own,) = phone.get("/sandbox/numbers/").json()["business"]
        row = as_owner.get(f"/api/customers/{customer.pk}/").json()
        assert (own["display"], row["business_number"]["name"]) == ("Sandbox", "Sandbox")

    def test_our_reaction(self, say: Say, phone: Client, answer: Any) -> None:
        say(text="Thank you")
        target = Message.objects.get().pk
        answer(type="reaction", reply_to=target, payload={"emoji": "🙏"})
        (shown,) = seen(phone)["messages"]
        assert shown["reactions"] == [{"from": "business", "emoji": "🙏"}]

    def test_a_template_with_its_words(self, say: Say, phone: Client, answer: Any) -> None:
        say(text="Hello")
        for access in accounts():
            sync(access)
        template = {
            "name": "order_update",
            "language": "en",
            "parameters": {"order": "A-7", "name": "John", "day": "Friday"},
        }
        answer(type="template", template=template)
        shown = seen(phone)["messages"][1]
        assert shown["body"]["template"]["name"] == "order_update"
        assert {name: shown["template"][name] for name in ("header", "body", "footer", "buttons")} == {
            "header": "Your order A-7",
            "body": "Hello John, your order A-7 arrives on Friday.",
            "footer": "Patter demo",
            "buttons": [{"type": "QUICK_REPLY", "text": "Thanks"}],
        }


SENT = {
    "text": {"text": "Hello"},
    "location": {"type": "location", "payload": {"latitude": 6.9, "longitude": 79.8}},
    "contacts": {"type": "contacts", "payload": {"contacts": [{"name": {"formatted_name": "Rosa"}}]}},
    "interactive": {
        "type": "interactive",
        "payload": {
            "type": "button",
            "body": {"text": "Deliver on Friday?"},
            "action": {"buttons": [{"type": "reply", "reply": {"id": "yes", "title": "Yes"}}]},
        },
    },
}


@pytest.mark.parametrize("kind", SENT)
def test_the_phone_is_given_what_meta_is_given(
    kind: str,
    say: Say,
    phone: Client,
    answer: Any,
    connect: Callable[[str], None],
    settings: Any,
    owner: User,
    client_of: ClientOf,
) -> None:
    wamid = say(text="Hello")
    replied = Message.objects.get(wamid=wamid).pk
    answer(**SENT[kind], reply_to=replied)
    shown = seen(phone)["messages"][1]["body"]
    with GraphDouble() as double:
        connect(double.url)
        settings.WHATSAPP_PHONE_NUMBER_ID = BusinessNumber.objects.get().external_id
        answer(**SENT[kind], reply_to=replied)
        (body,) = double.bodies
    assert body.pop("biz_opaque_callback_data") != shown.pop("biz_opaque_callback_data")
    assert body == shown
    assert shown["context"] == {"message_id": wamid}


def test_a_picture_that_the_desk_sends(say: Say, phone: Client, answer: Any) -> None:
    say(text="Do you have a picture?")
    answer(media=jpeg(), text="Here")
    body = seen(phone)["messages"][1]["body"]
    assert (body["type"], body["image"]["caption"]) == ("image", "Here")
    file = phone.get(f"/sandbox/media/{body['image']['id']}/")
    assert (file.status_code, file["Content-Type"]) == (200, "image/jpeg")
