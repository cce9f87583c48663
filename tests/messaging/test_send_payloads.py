"""POST /api/messages/ of locations, contacts, interactive messages and reactions."""

from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from customers.actions.locking import lock
from customers.models import Event
from messaging.actions.receiving import receive_message
from messaging.channels import Inbound, Rejected
from messaging.models import BusinessNumber, Conversation, Message


@pytest.fixture(autouse=True)
def open_window(customer: Any, says: Any) -> None:
    says(customer, "where are you?", wamid="wamid.asked")


@pytest.fixture
def send(as_owner: Any, customer: Any) -> Any:
    return lambda type, **fields: as_owner.post("/api/messages/", {"customer": customer.pk, "type": type, **fields})


def outbound() -> Any:
    return Message.objects.filter(direction="outbound")


def buttons(*titles: str, **more: Any) -> dict[str, Any]:
    replies = [{"type": "reply", "reply": {"id": f"b{n}", "title": title}} for n, title in enumerate(titles)]
    return {"type": "button", "body": {"text": "Which?"}, "action": {"buttons": replies}, **more}


def rows(count: int, **first: Any) -> list[dict[str, Any]]:
    return [{"id": f"r{n}", "title": f"Row {n}", **(first if n == 0 else {})} for n in range(count)]


def choices(*sections: dict[str, Any], button: str = "Sizes") -> dict[str, Any]:
    return {"type": "list", "body": {"text": "Which?"}, "action": {"button": button, "sections": list(sections)}}


LINK = {
    "type": "cta_url",
    "body": {"text": "Look"},
    "action": {"name": "cta_url", "parameters": {"display_text": "Open", "url": "https://shop.example/1"}},
}
ASK = {
    "type": "request_contact_info",
    "body": {"text": "Your number, please"},
    "action": {"name": "request_contact_info"},
}
CARD = {"name": {"formatted_name": "Anna Perera", "first_name": "Anna"}, "phones": [{"phone": "+94771234567"}]}

GOOD = [
    ("location", {"latitude": 6.9, "longitude": 79.8, "name": "Shop", "address": "1 Galle Road"}, "Shop, 1 Galle Road"),
    ("location", {"latitude": -6, "longitude": 180}, "-6.0, 180.0"),
    ("contacts", {"contacts": [CARD, CARD]}, "Anna Perera, Anna Perera"),
    ("interactive", buttons("Blue", "Red"), "Which?"),
    ("interactive", buttons("Blue", header={"type": "text", "text": "Colour"}, footer={"text": "Shop"}), "Which?"),
    ("interactive", choices({"rows": rows(10, description="Large")}), "Which?"),
    ("interactive", choices({"title": "A", "rows": rows(1)}, {"title": "B", "rows": rows(3)[1:]}), "Which?"),
    ("interactive", LINK, "Look"),
    ("interactive", ASK, "Your number, please"),
]


@pytest.mark.parametrize(("type", "payload", "text"), GOOD)
def test_payloads_that_are_accepted(send: Any, type: str, payload: dict[str, Any], text: str) -> None:
    response = send(type, payload=payload)
    assert response.status_code == 201, response.json()
    body = response.json()
    assert (body["type"], body["text"], body["payload"]) == (type, text, payload)


def test_the_text_may_be_the_body_of_an_interactive_message(send: Any) -> None:
    payload = {key: value for key, value in buttons("Yes").items() if key != "body"}
    body = send("interactive", payload=payload, text="Shall we?").json()
    assert (body["text"], body["payload"]["body"]) == ("Shall we?", {"text": "Shall we?"})


def test_what_asks_for_the_number_needs_only_its_text(send: Any) -> None:
    body = send("interactive", payload={"type": "request_contact_info"}, text="Your number, please").json()
    assert body["payload"] == ASK


def test_a_contact_needs_a_part_of_its_name_too(send: Any) -> None:
    body = send("contacts", payload={"contacts": [{"name": {"formatted_name": "Anna"}}]}).json()
    assert body["payload"]["contacts"][0]["name"] == {"formatted_name": "Anna", "first_name": "Anna"}


BAD = [
    ("location", None),
    ("location", {}),
    ("location", {"latitude": 91, "longitude": 0}),
    ("location", {"latitude": "x", "longitude": 0}),
    ("location", {"latitude": 0, "longitude": -181}),
    ("location", {"latitude": 0, "longitude": "nan"}),
    ("location", {"latitude": "inf", "longitude": 0}),
    ("contacts", {"contacts": []}),
    ("contacts", {"contacts": [{"phones": []}]}),
    ("contacts", {"contacts": ["Anna"]}),
    ("contacts", {"contacts": [{**CARD, "emails": [{"email": "nobody"}]}]}),
    ("contacts", {"contacts": [CARD] * 258}),
    ("interactive", {}),
    ("interactive", {"type": "flow", "body": {"text": "x"}, "action": {}}),
    ("interactive", {"type": "poll", "body": {"text": "x"}, "action": {}}),
    ("interactive", buttons()),
    ("interactive", buttons("a", "b", "c", "d")),
    ("interactive", buttons("x" * 21)),
    ("interactive", buttons("same", "same")),
    ("interactive", buttons("a", body={"text": "x" * 1025})),
    ("interactive", buttons("a", body={})),
    ("interactive", buttons("a", footer={"text": "x" * 61})),
    ("interactive", buttons("a", header={"type": "text", "text": "x" * 61})),
    ("interactive", buttons("a", header={"type": "image", "image": {}})),
    ("interactive", buttons("a", action={"buttons": [{"type": "reply", "reply": {"id": "x" * 257, "title": "a"}}]})),
    ("interactive", choices()),
    ("interactive", choices({"rows": []})),
    ("interactive", choices({"rows": rows(11)})),
    ("interactive", choices({"rows": rows(1)}, {"rows": rows(2)[1:]})),
    ("interactive", choices({"rows": rows(1) + rows(1)})),
    ("interactive", choices({"rows": rows(1, title="x" * 25)})),
    ("interactive", choices({"rows": rows(1, description="x" * 73)})),
    ("interactive", choices({"rows": rows(1, id="x" * 201)})),
    ("interactive", choices({"rows": rows(1)}, button="x" * 21)),
    ("interactive", {**LINK, "action": {"parameters": {"display_text": "Open", "url": "javascript:alert(1)"}}}),
    ("interactive", {name: part for name, part in LINK.items() if name != "action"}),
    ("interactive", {**ASK, "body": {}}),
    ("interactive", {**ASK, "footer": {"text": "Shop"}}),
    ("interactive", {**ASK, "header": {"type": "text", "text": "Shop"}}),
    ("interactive", {**ASK, "action": {"name": "send_location"}}),
    ("reaction", None),
    ("reaction", {"emoji": "ok"}),
    ("reaction", {"emoji": "👍👍"}),
    ("reaction", {"emoji": None}),
    ("location", "here"),
    ("location", [1, 2]),
]


@pytest.mark.parametrize(("type", "payload"), BAD)
def test_payloads_that_are_refused(send: Any, type: str, payload: Any) -> None:
    asked = Message.objects.get(direction="inbound")
    fields = {"payload": payload} if payload is not None else {}
    response = send(type, reply_to=asked.pk, **fields)
    assert response.status_code == 400
    assert list(response.json()) == ["payload"]
    assert not outbound().exists()
    assert not Event.objects.filter(type="message_updated").exists()


@pytest.mark.parametrize("type", ["location", "contacts", "reaction"])
def test_a_text_that_would_not_be_shown_is_refused(send: Any, type: str) -> None:
    asked = Message.objects.get(direction="inbound")
    payload = {"location": GOOD[0][1], "contacts": {"contacts": [CARD]}, "reaction": {"emoji": "👍"}}[type]
    response = send(type, payload=payload, text="look", reply_to=asked.pk)
    assert (response.status_code, list(response.json())) == (400, ["text"])


@pytest.mark.parametrize(("field", "value"), [("payload", {"a": 1}), ("template", {"name": "x"})])
def test_a_text_is_a_text_alone(send: Any, field: str, value: Any) -> None:
    response = send("text", text="hi", **{field: value})
    assert (response.status_code, list(response.json())) == (400, [field])


class TestReactions:
    @pytest.fixture
    def asked(self) -> Any:
        return Message.objects.get(direction="inbound")

    @pytest.mark.parametrize("emoji", ["👍", "❤️", "👍🏽", "🇱🇰", "👨‍👩‍👧", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "☺"])
    def test_it_is_shown_on_the_message(self, send: Any, as_owner: Any, asked: Any, owner: Any, emoji: str) -> None:
        response = send("reaction", reply_to=asked.pk, payload={"emoji": emoji})
        assert response.status_code == 201, response.json()
        (reaction,) = as_owner.get(f"/api/messages/{asked.pk}/").json()["reactions"]
        assert (reaction["emoji"], reaction["from"], set(reaction)) == (emoji, "business", {"emoji", "from", "at"})
        event = Event.objects.latest("pk")
        assert (event.type, event.data["id"]) == ("message_updated", asked.pk)

    def test_lists_do_not_show_it_as_a_message(self, send: Any, as_owner: Any, customer: Any, asked: Any) -> None:
        reaction = send("reaction", reply_to=asked.pk, payload={"emoji": "👍"}).json()
        for path in ("/api/messages/", f"/api/customers/{customer.pk}/messages/"):
            assert [row["id"] for row in as_owner.get(path).json()["results"]] == [asked.pk]
        assert as_owner.get(f"/api/messages/{reaction['id']}/").json()["type"] == "reaction"
        assert as_owner.get(f"/api/customers/{customer.pk}/").json()["last_message"]["id"] == asked.pk
        assert not Event.objects.filter(type="chat_message", data__id=reaction["id"]).exists()

    def test_another_one_replaces_it_and_an_empty_one_removes_it(self, send: Any, as_admin: Any, asked: Any) -> None:
        send("reaction", reply_to=asked.pk, payload={"emoji": "👍"})
        body = {"customer": asked.customer_id, "type": "reaction", "reply_to": asked.pk, "payload": {"emoji": "😂"}}
        as_admin.post("/api/messages/", body)
        asked.refresh_from_db()
        assert [reaction["emoji"] for reaction in asked.reactions] == ["😂"]
        send("reaction", reply_to=asked.pk, payload={"emoji": ""})
        assert as_admin.get(f"/api/messages/{asked.pk}/").json()["reactions"] == []

    def test_it_needs_a_message_that_whatsapp_knows(self, send: Any, customer: Any) -> None:
        assert list(send("reaction", payload={"emoji": "👍"}).json()) == ["reply_to"]
        queued = send("text", text="hi").json()["id"]
        response = send("reaction", reply_to=queued, payload={"emoji": "👍"})
        assert (response.status_code, list(response.json())) == (400, ["reply_to"])

    def test_one_that_fails_is_removed(self, send: Any, asked: Any, transport: Any, relay_turn: Any) -> None:
        send("reaction", reply_to=asked.pk, payload={"emoji": "👍"})
        transport.outcomes = [Rejected(131026, "no")]
        relay_turn()
        asked.refresh_from_db()
        assert asked.reactions == []
        assert outbound().get().status == "failed"
        assert Event.objects.latest("pk").type == "message_updated"


class TestAnotherNumber:
    """The customer now writes to another of our numbers; the message came to the one before."""

    @pytest.fixture
    def asked(self, customer: Any) -> Any:
        other = BusinessNumber.objects.create(external_id="1002")
        inbound = Inbound(wamid="wamid.there", type="text", text="hello?", at=timezone.now())
        with transaction.atomic():
            receive_message(customer=lock(customer.pk), number=other, inbound=inbound)
        return Message.objects.get(wamid="wamid.asked")

    @pytest.mark.parametrize(
        "fields", [{"type": "reaction", "payload": {"emoji": "👍"}}, {"type": "text", "text": "x"}]
    )
    def test_an_answer_is_sent_from_the_number_of_its_message(self, send: Any, asked: Any, fields: Any) -> None:
        response = send(**fields, reply_to=asked.pk)
        assert response.status_code == 201, response.json()
        assert outbound().get().business_number.external_id == "1001"
        assert Conversation.objects.get().business_number.external_id == "1002"

    def test_anything_else_is_sent_from_the_number_of_the_chat(self, send: Any, asked: Any) -> None:
        send("text", text="hi")
        assert outbound().get().business_number.external_id == "1002"

    def test_an_answer_through_another_channel_is_refused(self, send: Any, asked: Any) -> None:
        BusinessNumber.objects.filter(external_id="1001").update(transport="pigeon")
        response = send("text", text="hi", reply_to=asked.pk)
        assert (response.status_code, list(response.json())) == (400, ["reply_to"])
        assert not outbound().exists()
