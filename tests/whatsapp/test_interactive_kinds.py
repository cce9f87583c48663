"""Every kind of interactive message: what Meta is given, what is refused, and what the chat shows.

The files in tests/whatsapp/sent/ are Meta's `interactive` objects, one for each kind.
"""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from messaging.models import Attachment, Message
from tests.graph_double import GraphDouble
from tests.graph_rules import Known
from tests.media_files import jpeg, mp4, opus, upload
from tests.whatsapp.sending import Send, existing

pytestmark = pytest.mark.django_db

KINDS = {path.stem: json.loads(path.read_text()) for path in sorted((Path(__file__).parent / "sent").glob("*.json"))}


@pytest.fixture(autouse=True)
def _shop(graph: GraphDouble) -> None:
    graph.known = existing()


def changed(name: str, **parts: Any) -> dict[str, Any]:
    """A kind with other parts; None takes a part away. `a__b` is the part `b` of `a`, numbers are places in a list."""
    content: dict[str, Any] = deepcopy(KINDS[name])
    for path, value in parts.items():
        at: Any = content
        *way, last = [int(step) if step.isdecimal() else step for step in path.split("__")]
        for step in way:
            at = at[step]
        if value is None:
            del at[last]
        else:
            at[last] = value
    return content


@pytest.mark.parametrize("name", KINDS)
def test_what_meta_is_given(send: Send, graph: GraphDouble, name: str) -> None:
    message = send(type="interactive", payload=KINDS[name])
    assert (message.status, message.error) == ("sent", None)
    (body,) = graph.bodies
    assert body["interactive"] == KINDS[name]
    assert {key: body[key] for key in ("messaging_product", "recipient_type", "type")} == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "type": "interactive",
    }


@pytest.mark.parametrize(
    ("name", "left_out"),
    [
        ("location_request", "action"),
        ("request_contact_info", "action"),
        ("call_permission_request", "action"),
        ("cta_url", "action__name"),
        ("catalog_message_plain", "action"),
        ("flow_navigate", "action__parameters__flow_message_version"),
        ("carousel_links", "action__cards__1__card_index"),
    ],
)
def test_what_goes_without_saying(send: Send, graph: GraphDouble, name: str, left_out: str) -> None:
    assert send(type="interactive", payload=changed(name, **{left_out: None})).status == "sent"
    assert graph.bodies[0]["interactive"] == KINDS[name]


def test_cards_with_quick_replies_may_have_the_type_of_links(send: Send, graph: GraphDouble) -> None:
    cards = {f"action__cards__{place}__type": "cta_url" for place in range(3)}
    content = changed("carousel_quick_replies", **cards)
    assert send(type="interactive", payload=content).status == "sent"
    assert graph.bodies[0]["interactive"] == content
    mixed = changed("carousel_quick_replies", **cards)
    mixed["action"]["cards"][0] = KINDS["carousel_links"]["action"]["cards"][0]
    assert send.post(type="interactive", payload=mixed).status_code == 400


def test_the_replies_of_a_card_can_be_told_apart(send: Send, graph: GraphDouble) -> None:
    def content(*ids: str) -> dict[str, Any]:
        replies = [{"type": "quick_reply", "quick_reply": {"id": one, "title": f"No {n}"}} for n, one in enumerate(ids)]
        return changed(
            "carousel_quick_replies", **{f"action__cards__{place}__action__buttons": replies for place in range(3)}
        )

    answer = send.post(type="interactive", payload=content("same", "same"))
    assert (answer.status_code, list(answer.json()["payload"])) == (400, ["action"])
    assert not Message.objects.filter(direction="outbound").exists()
    assert send(type="interactive", payload=content("one", "other")).status == "sent"
    assert graph.bodies[0]["interactive"] == content("one", "other")


def test_a_flow_without_a_token(send: Send, graph: GraphDouble) -> None:
    send(type="interactive", payload=changed("flow_navigate", action__parameters__flow_token=None))
    assert graph.bodies[0]["interactive"]["action"]["parameters"]["flow_token"] == "unused"


LONG = {"text": "x" * 1025}
TEXT_HEADER = {"type": "text", "text": "Hi"}
IMAGE_HEADER = {"type": "image", "image": {"id": "901"}}
FLOW, CARD = "action__parameters__", "action__cards__0__"
REFUSED = [
    ("list", {"header": IMAGE_HEADER}, "header"),
    ("list", {"header": {"type": "video", "video": {"id": "901"}}}, "header"),
    ("list", {"header": {"type": "document", "document": {"id": "901"}}}, "header"),
    ("list", {"body": {"text": "x" * 4097}}, "body"),
    ("button_text_header", {"body": LONG}, "body"),
    ("button_text_header", {"body": None}, "body"),
    ("button_text_header", {"footer": {"text": "x" * 61}}, "footer"),
    ("button_text_header", {"header": {"type": "text", "text": "x" * 61}}, "header"),
    ("button_image_header", {"header": {"type": "image"}}, "header"),
    ("button_image_header", {"header": {"type": "image", "image": {}}}, "header"),
    (
        "button_image_header",
        {"header": {"type": "image", "image": {"id": "1", "link": "https://x.example/1"}}},
        "header",
    ),
    ("button_image_header", {"header": {"type": "image", "image": {"link": "http://x.example/1"}}}, "header"),
    ("button_image_header", {"header": {"type": "image", "image": {"id": "901", "caption": "Blue"}}}, "header"),
    ("button_image_header", {"header": {"type": "image", "image": {"id": "901", "filename": "a.jpg"}}}, "header"),
    ("button_image_header", {"header": {"type": "image", "video": {"id": "901"}}}, "header"),
    ("button_image_header", {"header": {"type": "audio", "audio": {"id": "901"}}}, "header"),
    ("button_image_header", {"header": {**IMAGE_HEADER, "text": "Hi"}}, "header"),
    ("cta_url", {"action__parameters__display_text": "x" * 21}, "action"),
    ("cta_url", {"action__parameters__url": "ftp://shop.example"}, "action"),
    ("cta_url", {"action__parameters__url": "javascript:alert(1)"}, "action"),
    ("flow_navigate", {f"{FLOW}flow_cta": "x" * 31}, "action"),
    ("flow_navigate", {f"{FLOW}flow_cta": "Book 📅"}, "action"),
    ("flow_navigate", {f"{FLOW}flow_name": "both"}, "action"),
    ("flow_navigate", {f"{FLOW}flow_id": None}, "action"),
    ("flow_navigate", {f"{FLOW}flow_message_version": "2"}, "action"),
    ("flow_navigate", {f"{FLOW}flow_action_payload": None}, "action"),
    ("flow_navigate", {f"{FLOW}flow_action_payload__data": {}}, "action"),
    ("flow_navigate", {f"{FLOW}flow_action": "jump"}, "action"),
    ("flow_data_exchange", {f"{FLOW}flow_action_payload": {"screen": "ONE"}}, "action"),
    ("flow_data_exchange", {f"{FLOW}mode": "maybe"}, "action"),
    ("location_request", {"header": TEXT_HEADER}, "header"),
    ("location_request", {"footer": {"text": "Shop"}}, "footer"),
    ("location_request", {"body": None}, "body"),
    ("location_request", {"action": {"name": "cta_url"}}, "action"),
    ("call_permission_request", {"header": TEXT_HEADER}, "header"),
    ("call_permission_request", {"body": LONG}, "body"),
    ("address_message", {"action__parameters__country": "FR"}, "action"),
    ("address_message", {"action__parameters__country": None}, "action"),
    ("address_message", {"action__parameters__values": {"in_pin_code": "12"}}, "action"),
    ("address_message", {"action__parameters__values": {"street": "Main"}}, "action"),
    ("address_message", {"action__parameters__validation_errors": {"street": "?"}}, "action"),
    ("voice_call", {"action__parameters__ttl_minutes": 43201}, "action"),
    ("voice_call", {"action__parameters__display_text": "x" * 21}, "action"),
    ("product", {"header": TEXT_HEADER}, "header"),
    ("product", {"action__product_retailer_id": None}, "action"),
    ("product", {"action": None}, "action"),
    ("product_list", {"header": None}, "header"),
    ("product_list", {"header": IMAGE_HEADER}, "header"),
    ("product_list", {"body": None}, "body"),
    ("product_list", {"action__sections__0__title": None}, "action"),
    ("product_list", {"action__sections__0__title": "x" * 25}, "action"),
    ("product_list", {"action__sections": []}, "action"),
    ("product_list", {"action__sections__0__product_items": []}, "action"),
    ("product_list", {"action__sections__0__product_items": [{"product_retailer_id": "p1"}] * 30}, "action"),
    ("catalog_message", {"header": TEXT_HEADER}, "header"),
    ("carousel_links", {"header": TEXT_HEADER}, "header"),
    ("carousel_links", {"footer": {"text": "Shop"}}, "footer"),
    ("carousel_links", {"body": None}, "body"),
    ("carousel_links", {"action__cards": KINDS["carousel_links"]["action"]["cards"][:1]}, "action"),
    ("carousel_links", {"action__cards": KINDS["carousel_links"]["action"]["cards"][:1] * 11}, "action"),
    ("carousel_links", {f"{CARD}card_index": 1}, "action"),
    ("carousel_links", {f"{CARD}header": None}, "action"),
    ("carousel_links", {f"{CARD}header": TEXT_HEADER}, "action"),
    ("carousel_links", {f"{CARD}header": {"type": "video", "video": {"link": "https://x.example/1"}}}, "action"),
    ("carousel_links", {f"{CARD}body": {"text": "x" * 161}}, "action"),
    ("carousel_links", {f"{CARD}body": {"text": "a\nb\nc\nd"}}, "action"),
    ("carousel_links", {f"{CARD}body": None}, "action"),
    ("carousel_links", {"action__cards__0": KINDS["carousel_products"]["action"]["cards"][0]}, "action"),
    ("carousel_quick_replies", {f"{CARD}action__buttons": []}, "action"),
    ("carousel_quick_replies", {f"{CARD}action__buttons__0__quick_reply__title": "x" * 21}, "action"),
    ("carousel_products", {f"{CARD}action__catalog_id": "c2"}, "action"),
    ("carousel_products", {f"{CARD}body": {"text": "Blue"}}, "action"),
    ("cta_url", {"footr": {"text": "Shop"}}, "footr"),
    ("cta_url", {"type": "poll"}, "type"),
]


@pytest.mark.parametrize(("name", "parts", "field"), REFUSED)
def test_what_meta_would_refuse_is_not_queued(
    send: Send, graph: GraphDouble, name: str, parts: dict[str, Any], field: str
) -> None:
    answer = send.post(type="interactive", payload=changed(name, **parts))
    assert (answer.status_code, list(answer.json())) == (400, ["payload"]), answer.json()
    assert list(answer.json()["payload"]) == [field]
    assert not Message.objects.filter(direction="outbound").exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("location_request", "Where are you?"),
        ("product", "This one"),
        ("product_alone", "[product: p1]"),
        ("carousel_products", "New chairs"),
    ],
)
def test_lists_and_the_search_know_it_by_a_text(send: Send, as_admin: Any, name: str, text: str) -> None:
    message = send(type="interactive", payload=KINDS[name])
    row = as_admin.get(f"/api/customers/{message.customer_id}/").json()
    assert row["last_message"]["text"] == text
    found = as_admin.get("/api/messages/", {"search": text}).json()["results"]
    assert [one["id"] for one in found] == [message.pk]


class TestFileOfTheHeader:
    @pytest.mark.parametrize(
        ("kind", "file", "more"),
        [
            ("image", jpeg(), {}),
            ("video", upload("a.mp4", mp4(), "video/mp4"), {}),
            ("document", upload("a.pdf", b"%PDF-1.7"), {"filename": "a.pdf"}),
        ],
        ids=["image", "video", "document"],
    )
    @pytest.mark.parametrize("named", [True, False])
    def test_it_comes_with_the_message(
        self, send: Send, graph: GraphDouble, kind: str, file: Any, more: dict[str, str], named: bool
    ) -> None:
        file.seek(0)
        payload = changed("cta_url", header={"type": kind}) if named else KINDS["cta_url"]
        message = send(type="interactive", payload=json.dumps(payload), media=file)
        assert message.status == "sent", message.error
        header = {"type": kind, kind: {"id": graph.uploads[0]["id"], **more}}
        assert graph.bodies[0]["interactive"] == {**KINDS["cta_url"], "header": header}
        assert Attachment.objects.get().message == message

    @pytest.mark.parametrize(
        ("name", "parts", "file", "field"),
        [
            ("cta_url", {"header": TEXT_HEADER}, jpeg(), "media"),
            ("cta_url", {"header": {"type": "video"}}, jpeg(), "media"),
            ("cta_url", {}, upload("v.ogg", opus(), "audio/ogg"), "media"),
            ("cta_url", {"header": IMAGE_HEADER}, jpeg(), "payload"),
            ("list", {"header": None}, jpeg(), "payload"),
            ("location_request", {}, jpeg(), "payload"),
        ],
    )
    def test_one_that_has_no_place(
        self, send: Send, graph: GraphDouble, name: str, parts: dict[str, Any], file: Any, field: str
    ) -> None:
        file.seek(0)
        answer = send.post(type="interactive", payload=json.dumps(changed(name, **parts)), media=file)
        assert (answer.status_code, list(answer.json())) == (400, [field]), answer.json()
        assert not Attachment.objects.exists()
        assert not Message.objects.filter(direction="outbound").exists()


@pytest.mark.parametrize(
    ("text", "previewed"),
    [
        ("Yes, in blue", False),
        ("https://shop.example", True),
        ("Look at HTTP://shop.example/1", True),
        ("shop.example", False),
        ("https:// is how it begins", False),
    ],
)
def test_a_preview_needs_a_link(send: Send, graph: GraphDouble, text: str, previewed: bool) -> None:
    send(text=text)
    assert graph.bodies[0]["text"] == {"body": text, **({"preview_url": True} if previewed else {})}


@pytest.mark.parametrize(
    ("known", "name"),
    [
        ({"flows": set()}, "flow_navigate"),
        ({"catalogs": {}}, "product"),
        ({"catalogs": {"c1": set()}}, "product_list"),
        ({"media": set()}, "button_image_header"),
    ],
)
def test_what_meta_does_not_know_fails(send: Send, graph: GraphDouble, known: dict[str, Any], name: str) -> None:
    graph.known = Known(**{**vars(existing()), **known})
    message = send(type="interactive", payload=KINDS[name])
    assert (message.status, message.error["code"], graph.accepted) == ("failed", 131009, [])
    assert graph.refused.pop()["interactive"]["type"] == message.payload["type"]
