"""Every type of message as Meta gets it, files first."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from customers.models import Customer
from messaging.actions.receipts import show_typing
from messaging.models import Attachment, BusinessNumber, Message
from messaging.relay.outbox import Outbox
from messaging.relay.preparations import Preparations
from messaging.relay.receipts import Receipts
from tests.graph_double import GraphDouble
from tests.media_files import jpeg, moving_webp, noise, opus, picture, quarters, recorded, upload
from tests.messaging.steps import make_due
from tests.webhooks import PHONE_NUMBER_ID
from whatsapp.models import Template

pytestmark = pytest.mark.django_db


def relay() -> None:
    source = Outbox()
    for job in source.claim(10):
        source.run(job)


def sent(graph: GraphDouble) -> dict[str, Any]:
    (body,) = graph.bodies
    return body


def test_a_picture_goes_by_its_id(send: Any, graph: GraphDouble) -> None:
    message = send(media=jpeg(), text="In blue")
    assert message.status == "sent"
    (uploaded,) = graph.uploads
    assert uploaded["path"] == f"/v26.0/{PHONE_NUMBER_ID}/media"
    assert picture() in uploaded["body"]
    assert b'filename="photo.jpg"' in uploaded["body"]
    assert b"image/jpeg" in uploaded["body"]
    body = sent(graph)
    assert (body["type"], body["image"]) == ("image", {"id": uploaded["id"], "caption": "In blue"})
    attachment = Attachment.objects.get()
    assert attachment.provider_id == uploaded["id"]
    assert attachment.provider_until > timezone.now() + timedelta(days=28)


@pytest.mark.parametrize(
    ("file", "kind", "more"),
    [
        (("offer.pdf", b"%PDF-1.7"), "document", {"filename": "offer.pdf"}),
        (("voice.ogg", opus()), "audio", {"voice": True}),
        (("song.mp3", b"ID3" + b"\x00" * 40), "audio", {}),
        (("moving.webp", moving_webp()), "sticker", {}),
    ],
)
def test_other_files(send: Any, graph: GraphDouble, file: tuple[str, bytes], kind: str, more: dict[str, Any]) -> None:
    send(media=upload(*file))
    assert sent(graph)[kind] == {"id": graph.uploads[0]["id"], **more}


def test_a_location(send: Any, graph: GraphDouble) -> None:
    send(type="location", payload={"latitude": 6.9, "longitude": 79.8, "name": "Shop"})
    assert sent(graph)["location"] == {"latitude": 6.9, "longitude": 79.8, "name": "Shop"}


def test_contacts_are_a_list(send: Any, graph: GraphDouble) -> None:
    card = {"name": {"formatted_name": "Anna", "first_name": "Anna"}, "phones": [{"phone": "+94771234567"}]}
    send(type="contacts", payload={"contacts": [card]})
    assert sent(graph)["contacts"] == [card]


def test_buttons(send: Any, graph: GraphDouble) -> None:
    action = {"buttons": [{"type": "reply", "reply": {"id": "1", "title": "Yes"}}]}
    send(type="interactive", payload={"type": "button", "body": {"text": "Shall we?"}, "action": action})
    assert sent(graph)["interactive"] == {"type": "button", "body": {"text": "Shall we?"}, "action": action}


@pytest.mark.parametrize("emoji", ["👍", ""])
def test_a_reaction_names_its_message(send: Any, graph: GraphDouble, emoji: str) -> None:
    asked = Message.objects.get(wamid="wamid.asked")
    send(type="reaction", reply_to=asked.pk, payload={"emoji": emoji})
    body = sent(graph)
    assert body["reaction"] == {"message_id": "wamid.asked", "emoji": emoji}
    assert "context" not in body


def test_a_template_with_its_picture(send: Any, graph: GraphDouble, settings: Any) -> None:
    settings.WHATSAPP_BUSINESS_ACCOUNT_ID = "1"
    components = [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Hi {{1}}"}]
    Template.objects.create(waba_id="1", name="hi", language="en", status="APPROVED", components=components)
    graph.templates["1"] = [{"name": "hi", "language": "en", "components": components}]
    send(type="template", template='{"name": "hi", "language": "en", "parameters": ["Anna"]}', media=jpeg())
    assert sent(graph)["template"] == {
        "name": "hi",
        "language": {"code": "en", "policy": "deterministic"},
        "components": [
            {"type": "header", "parameters": [{"type": "image", "image": {"id": graph.uploads[0]["id"]}}]},
            {"type": "body", "parameters": [{"type": "text", "text": "Anna"}]},
        ],
    }


class TestUploads:
    def test_a_retry_uses_the_id_it_has(self, send: Any, graph: GraphDouble) -> None:
        graph.queue({"kind": "meta", "code": 131000})
        message = send(media=jpeg())
        assert message.status == "queued"
        make_due(message.pk)
        relay()
        assert (len(graph.uploads), len(graph.accepted)) == (1, 1)

    def test_an_id_that_is_too_old_is_not_used(self, send: Any, graph: GraphDouble) -> None:
        graph.queue({"kind": "meta", "code": 131000})
        message = send(media=jpeg())
        Attachment.objects.update(provider_until=timezone.now())
        make_due(message.pk)
        relay()
        assert sent(graph)["image"]["id"] == graph.uploads[1]["id"]

    def test_131053_uploads_anew_three_times_at_most(self, send: Any, graph: GraphDouble) -> None:
        graph.queue(*[{"kind": "meta", "code": 131053}] * 5)
        message = send(media=jpeg())
        for _ in range(4):
            make_due(message.pk)
            relay()
        message.refresh_from_db()
        assert (message.status, message.error["code"]) == ("failed", 131053)
        assert len(graph.uploads) == 3

    @pytest.mark.parametrize("fault", [{"kind": "drop"}, {"kind": "meta", "code": 131000, "status": 500}])
    def test_one_that_breaks_off_is_tried_again(self, send: Any, graph: GraphDouble, fault: dict[str, Any]) -> None:
        graph.upload_faults.append(fault)
        message = send(media=jpeg())
        assert message.status == "queued", "nothing of the message has left"
        make_due(message.pk)
        relay()
        assert len(graph.accepted) == 1

    def test_a_refused_token_halts_the_number(self, send: Any, graph: GraphDouble) -> None:
        graph.upload_faults.append({"kind": "meta", "code": 190, "status": 401})
        assert send(media=jpeg()).status == "queued"
        assert BusinessNumber.objects.get().paused_until is not None

    def test_a_file_that_is_gone(self, as_admin: Any, chat: Customer, graph: GraphDouble, tmp_path: Path) -> None:
        pk = as_admin.post("/api/messages/", {"customer": chat.pk, "media": jpeg()}, format="multipart").json()["id"]
        for file in (path for path in tmp_path.rglob("*") if path.is_file()):
            file.unlink()
        relay()
        assert Message.objects.get(pk=pk).error["code"] == "file_missing"
        assert graph.requests == 0


def test_an_answer_to_a_call_quotes_nothing(send: Any, chat: Customer, graph: GraphDouble) -> None:
    Message.objects.filter(wamid="wamid.asked").update(type="call", wamid="wacid.1")
    call = Message.objects.get(wamid="wacid.1")
    assert send(type="text", text="You called?", reply_to=call.pk).status == "sent"
    assert "context" not in graph.bodies[0]


class TestReadReceipts:
    def turn(self) -> None:
        source = Receipts()
        for job in source.claim(5):
            source.run(job)

    def test_a_reply_shows_that_it_was_read(self, send: Any, graph: GraphDouble) -> None:
        send(type="text", text="hi")
        self.turn()
        assert graph.read == [{"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.asked"}]

    @pytest.mark.parametrize("fields", [{"type": "call"}, {"from_history": True}])
    def test_none_for_a_call_and_for_the_past(
        self, send: Any, chat: Customer, graph: GraphDouble, fields: dict[str, Any]
    ) -> None:
        asked = Message.objects.get(wamid="wamid.asked")
        again = {"pk": None, "wamid": "wacid.1", "ordered_at": timezone.now()} | fields
        for name, value in again.items():
            setattr(asked, name, value)
        asked.save(force_insert=True)
        send(type="text", text="hi")
        self.turn()
        assert [one["message_id"] for one in graph.read] == ["wamid.asked"]

    def test_typing(self, chat: Customer, graph: GraphDouble) -> None:
        show_typing(chat.pk)
        self.turn()
        assert graph.read[0]["typing_indicator"] == {"type": "text"}


@pytest.mark.parametrize(
    ("file", "kind", "mime_type", "more"),
    [
        (("IMG_1.heic", quarters("HEIF")), "image", b"image/jpeg", {"caption": "Look"}),
        (("large.png", noise("PNG", 2200, 1600)), "image", b"image/jpeg", {"caption": "Look"}),
        (("voice.webm", recorded("webm", "libopus"), "audio/webm"), "audio", b"audio/ogg", {"voice": True}),
        (("voice.mp4", recorded("mp4", "aac", pieces=True), "audio/mp4"), "audio", b"audio/ogg", {"voice": True}),
    ],
)
def test_what_meta_does_not_take_is_converted_first(
    send: Any, graph: GraphDouble, file: Any, kind: str, mime_type: bytes, more: dict[str, Any]
) -> None:
    message = send(media=upload(*file), **({"text": "Look"} if kind == "image" else {}))
    assert (message.status, graph.bodies, graph.uploads) == ("queued", [], [])
    (job,) = Preparations().claim(10)
    Preparations().run(job)
    relay()
    message.refresh_from_db()
    assert message.status == "sent", message.error
    (uploaded,) = graph.uploads
    assert mime_type in uploaded["body"]
    body = sent(graph)
    assert (body["type"], body[kind]) == (kind, {"id": uploaded["id"], **more})


class TestOneUpload:
    """The same file goes up once for a number."""

    def test_sent_again_it_goes_by_the_same_id(self, send: Any, graph: GraphDouble) -> None:
        first = send(media=jpeg(), text="one")
        send(media_from=first.pk, text="two")
        send(media=jpeg("other-name.jpg"), text="three")
        assert len(graph.uploads) == 1
        assert [body["image"]["id"] for body in graph.bodies] == [graph.uploads[0]["id"]] * 3

    def test_another_number_needs_its_own(self, send: Any, graph: GraphDouble) -> None:
        first = send(media=jpeg())
        elsewhere = BusinessNumber.objects.create(external_id="2002")
        Message.objects.filter(pk=first.pk).update(business_number=elsewhere)
        send(media=jpeg())
        assert len(graph.uploads) == 2

    def test_an_id_that_is_too_old_is_not_used(self, send: Any, graph: GraphDouble) -> None:
        send(media=jpeg())
        Attachment.objects.update(provider_until=timezone.now() - timedelta(hours=1))
        send(media=jpeg())
        assert len(graph.uploads) == 2

    def test_the_id_of_what_came_in_is_not_used(self, send: Any, graph: GraphDouble) -> None:
        first = send(media=jpeg())
        kept = {"provider_id": "inbound-1", "provider_until": timezone.now() + timedelta(days=5)}
        Attachment.objects.filter(message=first.pk).update(uploaded=False, **kept)
        send(media=jpeg())
        assert [body["image"]["id"] for body in graph.bodies] == ["7000", "7001"]

    def test_one_that_meta_forgot_is_uploaded_once_more(self, send: Any, graph: GraphDouble) -> None:
        graph.forgets = True
        first = send(media=jpeg())
        graph.kept.clear()
        again = send(media=jpeg())
        assert again.status == "queued"
        assert not Attachment.objects.filter(message=first.pk).exclude(provider_id="").exists(), "forgotten everywhere"
        make_due(again.pk)
        relay()
        again.refresh_from_db()
        assert again.status == "sent", again.error
        assert len(graph.uploads) == 2

    @pytest.mark.parametrize(
        ("code", "details", "subcode"),
        [
            (100, "Media not found", None),
            (100, "Object with ID '{id}' does not exist", 33),
            (131009, "The media id is not valid", None),
            (131052, "", None),
        ],
    )
    def test_in_whichever_words_it_says_so(
        self, send: Any, graph: GraphDouble, code: int, details: str, subcode: int | None
    ) -> None:
        send(media=jpeg())
        details = details.format(id=graph.uploads[0]["id"])
        graph.queue({"kind": "meta", "code": code, "message": "Failed", "details": details, "subcode": subcode})
        again = send(media=jpeg())
        assert (again.status, BusinessNumber.objects.get().paused_until) == ("queued", None)
        make_due(again.pk)
        relay()
        again.refresh_from_db()
        assert (again.status, len(graph.uploads)) == ("sent", 2), again.error

    def test_other_words_are_about_the_message(self, send: Any, graph: GraphDouble) -> None:
        send(media=jpeg())
        graph.queue({"kind": "meta", "code": 131009, "message": "Failed", "details": "The caption is not valid"})
        again = send(media=jpeg())
        assert (again.status, again.error["code"], len(graph.uploads)) == ("failed", 131009, 1)

    def test_but_only_once(self, send: Any, graph: GraphDouble, monkeypatch: pytest.MonkeyPatch) -> None:
        graph.forgets = True
        monkeypatch.setattr(graph, "kept", _Nothing())
        message = send(media=jpeg())
        assert (message.status, message.error["code"], message.error["retryable"]) == ("failed", 100, True)
        assert len(graph.uploads) == 1


class _Nothing(set[str]):
    def add(self, element: str) -> None:
        """Meta says that it has the file, and does not have it."""
