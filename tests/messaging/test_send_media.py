"""POST /api/messages/ with files: checked against Meta's table before anything is queued."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from customers.models import Event
from messaging.channels import Rejected, Retry
from messaging.models import Attachment, AttachmentState, Message
from messaging.relay.outbox import Outbox
from tests.media_files import jpeg, moving_picture, moving_webp, mp4, opus, picture, recorded, upload
from tests.messaging.steps import make_due

KB, MB = 1024, 1024 * 1024


@pytest.fixture(autouse=True)
def open_window(customer: Any, says: Any, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    says(customer, "hello?")


@pytest.fixture
def send(as_owner: Any, customer: Any) -> Any:
    def post(*files: Any, client: Any = None, **fields: Any) -> Any:
        for name in ("payload", "template"):
            if name in fields:
                fields[name] = json.dumps(fields[name])
        body = {"customer": customer.pk, **fields, **({"media": list(files)} if files else {})}
        return (client or as_owner).post("/api/messages/", body, format="multipart")

    return post


def outbound() -> Any:
    return Message.objects.filter(direction="outbound")


def test_a_picture_becomes_a_message_with_its_file(send: Any, as_owner: Any, customer: Any, tmp_path: Path) -> None:
    response = send(jpeg(), text="In blue", client_id="c-1")
    assert response.status_code == 201, response.json()
    body = response.json()
    assert (body["type"], body["text"], body["status"]) == ("image", "In blue", "queued")
    media = body["media"]
    assert (media["state"], media["mime_type"], media["file_name"]) == ("ready", "image/jpeg", "photo.jpg")
    assert media["size"] == len(picture())
    assert as_owner.get(media["url"]).getvalue() == picture()
    attachment = Attachment.objects.get(message=body["id"])
    assert attachment.state == AttachmentState.READY
    assert str(tmp_path) in attachment.file.path
    assert len(attachment.sha256) == 64
    event = Event.objects.filter(customer=customer, type="chat_message").latest("seq")
    assert event.data["media"]["file"] == attachment.file.name
    assert "url" not in event.data["media"]


TAKEN = [
    ("photo.jpg", picture(), "", "image"),
    ("photo.jfif", picture(), "", "image"),
    ("photo.png", picture("PNG"), "", "image"),
    ("letter.doc", b"{\\rtf1 x}", "", "document"),
    ("photo.png", picture("PNG", mode="RGBA"), "image", "image"),
    ("clip.mp4", mp4(), "", "video"),
    ("clip.3gp", mp4(), "", "video"),
    ("voice.ogg", opus(), "", "audio"),
    ("song.mp3", b"ID3" + b"\x00" * 40, "", "audio"),
    ("song.m4a", mp4(), "", "audio"),
    ("song.aac", b"\xff\xf1" + b"\x00" * 40, "", "audio"),
    ("song.amr", b"#!AMR\n" + b"\x00" * 40, "", "audio"),
    ("list.txt", b"one\ntwo", "", "document"),
    ("offer.pdf", b"%PDF-1.7\n%%EOF", "", "document"),
    ("sticker.webp", picture("WEBP", (512, 512)), "", "sticker"),
    ("moving.webp", moving_webp(200 * KB), "sticker", "sticker"),
]


@pytest.mark.parametrize(("name", "content", "type", "becomes"), TAKEN)
def test_files_that_whatsapp_accepts(send: Any, name: str, content: bytes, type: str, becomes: str) -> None:
    response = send(upload(name, content), **({"type": type} if type else {}))
    assert response.status_code == 201, response.json()
    assert response.json()["type"] == becomes


@pytest.mark.parametrize("declared", ["audio/mp4", "audio/mp4; codecs=mp4a.40.2", "audio/x-m4a", "Audio/MP4"])
def test_what_safari_records_is_audio(send: Any, declared: str) -> None:
    recorded = SimpleUploadedFile("voice.mp4", mp4(), declared)
    for fields in ({}, {"type": "audio"}):
        recorded.seek(0)
        response = send(recorded, **fields)
        assert response.status_code == 201, response.json()
        assert (response.json()["type"], response.json()["media"]["mime_type"]) == ("audio", "audio/mp4")


REFUSED = [
    ("moving.gif", moving_picture("GIF"), "", "Save it as MP4"),
    ("moving.avif", moving_picture("AVIF"), "", "Save it as MP4"),
    ("pages.tiff", moving_picture("TIFF"), "", "Save it as PDF"),
    ("moving.webp", moving_picture("WEBP"), "image", "Save it as MP4"),
    ("page.zip", b"PK\x05\x06" + b"\x00" * 18, "", "does not accept"),
    ("clip.webm", b"\x1a\x45\xdf\xa3webm", "", "does not accept"),
    ("run.exe", b"MZ", "", "does not accept"),
    ("photo.jpg", b"<script>", "", "does not match"),
    ("photo.jpg", b"", "", "empty"),
    ("photo.jpg", picture(), "video", "accepts MP4"),
    ("photo.jpg", picture(), "document", "accepts text"),
    ("clip.mp4", mp4(16 * MB + 1), "", "at most 16 MB"),
    ("sticker.webp", picture("WEBP", (511, 512)), "sticker", "512 x 512"),
    ("sticker.webp", picture("WEBP", (512, 512)) + b"\x00" * 100 * KB, "sticker", "at most 100 KB"),
    ("moving.webp", moving_webp(500 * KB), "", "at most 500 KB"),
    ("film.webm", recorded("webm", "libopus", moving=True), "", "does not accept"),
]


@pytest.mark.parametrize(("name", "content", "type", "reason"), REFUSED)
def test_files_that_whatsapp_does_not_accept(
    send: Any, name: str, content: bytes, type: str, reason: str, tmp_path: Path
) -> None:
    response = send(upload(name, content), **({"type": type} if type else {}))
    assert response.status_code == 400
    assert reason in response.json()["media"][0]
    assert not outbound().exists()
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


@pytest.mark.parametrize(("name", "content"), [("song.mp3", b"ID3" + b"\x00" * 40), TAKEN[-1][:2]])
def test_audio_and_stickers_have_no_caption(send: Any, name: str, content: bytes) -> None:
    response = send(upload(name, content), text="listen")
    assert response.status_code == 400
    assert list(response.json()) == ["text"]
    assert not outbound().exists()


def test_a_caption_is_shorter_than_a_text(send: Any) -> None:
    assert send(jpeg(), text="x" * 1024).status_code == 201
    assert list(send(jpeg(), text="x" * 1025).json()) == ["text"]


def test_lines_of_a_caption_end_as_they_were_written(send: Any, as_owner: Any, customer: Any) -> None:
    """A form has `\\r\\n` for each line end, which would count twice."""
    assert send(jpeg(), text="In blue\r\nand in red").json()["text"] == "In blue\nand in red"
    assert send(jpeg(), text="a\r\n" * 512).status_code == 201
    body = {"customer": customer.pk, "text": "as it\r\ncomes"}
    assert as_owner.post("/api/messages/", body, format="json").json()["text"] == "as it\r\ncomes"


def test_a_type_with_a_file_needs_one(as_owner: Any, customer: Any) -> None:
    response = as_owner.post("/api/messages/", {"customer": customer.pk, "type": "image", "text": "where?"})
    assert (response.status_code, list(response.json())) == (400, ["media"])
    text = as_owner.post("/api/messages/", {"customer": customer.pk, "type": "image", "media": "a text"})
    assert (text.status_code, list(text.json())) == (400, ["media"])


def test_a_text_has_no_file(send: Any) -> None:
    assert list(send(jpeg(), type="text", text="hi").json()) == ["media"]


class TestSeveralFiles:
    def test_each_becomes_a_message_with_the_caption_on_the_first(self, send: Any) -> None:
        response = send(jpeg("1.jpg"), jpeg("2.jpg"), upload("offer.pdf", b"%PDF-1.7"), text="All three", client_id="c")
        assert response.status_code == 201
        rows = response.json()
        assert [(row["type"], row["text"], row["client_id"]) for row in rows] == [
            ("image", "All three", "c"),
            ("image", "", "c#2"),
            ("document", "", "c#3"),
        ]
        assert [row["media"]["file_name"] for row in rows] == ["1.jpg", "2.jpg", "offer.pdf"]

    def test_a_retry_gives_the_same_messages_back(self, send: Any) -> None:
        first = send(jpeg("1.jpg"), jpeg("2.jpg"), client_id="c")
        again = send(jpeg("1.jpg"), jpeg("2.jpg"), client_id="c")
        assert (first.status_code, again.status_code) == (201, 200)
        assert [row["id"] for row in again.json()] == [row["id"] for row in first.json()]
        assert outbound().count() == 2

    def test_another_file_under_the_same_client_id_is_refused(self, send: Any) -> None:
        send(jpeg("1.jpg"), client_id="c")
        other = send(upload("1.jpg", picture(size=(9, 9)), "image/jpeg"), client_id="c")
        assert (other.status_code, other.json()["code"]) == (409, "client_id_taken")
        assert outbound().count() == 1

    def test_one_that_is_refused_stops_them_all(self, send: Any) -> None:
        response = send(jpeg(), upload("page.zip", b"PK\x05\x06" + b"\x00" * 18))
        assert response.status_code == 400
        assert not outbound().exists()
        assert not Attachment.objects.exists()

    def test_there_is_a_limit(self, send: Any) -> None:
        response = send(*[jpeg(f"{n}.jpg") for n in range(11)])
        assert (response.status_code, list(response.json())) == (400, ["media"])


class TestOnTheWayOut:
    def test_the_file_goes_first_and_once(self, send: Any, transport: Any, relay_turn: Any) -> None:
        message = send(jpeg()).json()["id"]
        transport.outcomes = [Retry()]
        relay_turn()
        make_due(message)
        relay_turn()
        assert Message.objects.get(pk=message).status == "sent"
        assert len(transport.uploaded) == 1, "a retry uses the id it has"

    def test_an_upload_that_fails_is_tried_again(self, send: Any, transport: Any, relay_turn: Any) -> None:
        message = send(jpeg()).json()["id"]
        transport.upload_outcomes = [Retry(), OSError("disk")]
        for _ in range(3):
            relay_turn()
            make_due(message)
        assert Message.objects.get(pk=message).status == "sent"
        assert len(transport.sent) == 1

    def test_an_upload_may_be_refused(self, send: Any, transport: Any, relay_turn: Any) -> None:
        message = send(jpeg()).json()["id"]
        transport.upload_outcomes = [Rejected(131053, "No such codec")]
        relay_turn()
        failed = Message.objects.get(pk=message)
        assert (failed.status, failed.error["code"]) == ("failed", 131053)
        assert transport.sent == []

    def test_a_relay_killed_while_uploading_has_sent_nothing(self, send: Any, transport: Any, relay_turn: Any) -> None:
        message = send(jpeg()).json()["id"]
        from_then = Message.objects.filter(pk=message)
        from_then.update(status="sending", claim_token="00000000-0000-0000-0000-000000000001")
        Outbox().settle(everything=True)
        assert Message.objects.get(pk=message).status == "queued"
        Attachment.objects.update(provider_id="media-1")
        from_then.update(status="sending", claim_token="00000000-0000-0000-0000-000000000001")
        Outbox().settle(everything=True)
        assert Message.objects.get(pk=message).status == "uncertain", "the file was there, so it may have left"
