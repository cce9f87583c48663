"""POST /api/messages/ with `media_from`: the file of an earlier message goes out again."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile

from customers.models import Customer, Event
from messaging.models import Attachment, Message
from messaging.relay.preparations import Preparations
from tests.media_files import picture, quarters, upload

PDF = b"%PDF-1.7\nOur prices"


@pytest.fixture(autouse=True)
def open_window(customer: Any, says: Any, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    says(customer, "hello?")


@pytest.fixture
def sent(as_owner: Any, customer: Any) -> int:
    body = {"customer": customer.pk, "media": upload("prices.pdf", PDF)}
    return int(as_owner.post("/api/messages/", body, format="multipart").json()["id"])


@pytest.fixture
def other(owner: Any, says: Any) -> Customer:
    other = Customer.objects.create(first_name="Ann", owner=owner, phone="+94771230000")
    says(other, "and me?")
    return other


def test_the_file_goes_to_another_customer(as_owner: Any, other: Customer, sent: int) -> None:
    body = {"customer": other.pk, "media_from": sent, "text": "Our prices"}
    answer = as_owner.post("/api/messages/", body, format="json")
    assert answer.status_code == 201, answer.json()
    row = answer.json()
    assert (row["type"], row["text"], row["status"]) == ("document", "Our prices", "queued")
    assert (row["media"]["file_name"], row["media"]["state"]) == ("prices.pdf", "ready")
    assert as_owner.get(row["media"]["url"]).getvalue() == PDF
    first, second = Attachment.objects.order_by("pk")
    assert first.file.name != second.file.name, "erasing one customer leaves the file of the other"
    assert first.sha256 == second.sha256


def test_a_file_that_came_in(as_owner: Any, customer: Customer, other: Customer) -> None:
    inbound = Message.objects.get(customer=customer, direction="inbound")
    photo = Attachment(message=inbound, state="ready", mime_type="image/jpeg", file_name="photo.jpg", provider_id="m-1")
    photo.file.save("photo.jpg", ContentFile(picture()))
    row = as_owner.post("/api/messages/", {"customer": other.pk, "media_from": inbound.pk}, format="json").json()
    assert row["type"] == "image"
    ours = Attachment.objects.get(message=row["id"])
    assert (ours.provider_id, ours.uploaded) == ("", False), "the id of what came in is not taken for one to send"


def test_what_was_converted_is_not_converted_again(as_owner: Any, customer: Customer) -> None:
    body = {"customer": customer.pk, "media": upload("photo.heic", quarters("HEIF"))}
    photo = as_owner.post("/api/messages/", body, format="multipart").json()["id"]
    (job,) = Preparations().claim(1)
    Preparations().run(job)
    row = as_owner.post("/api/messages/", {"customer": customer.pk, "media_from": photo}, format="json").json()
    media = row["media"]
    assert (media["state"], media["file_name"], media["mime_type"]) == ("ready", "photo.jpg", "image/jpeg")
    assert media["original_url"] is None


def test_the_same_client_id_sends_it_once(as_owner: Any, other: Customer, sent: int) -> None:
    body = {"customer": other.pk, "media_from": sent, "client_id": "c-1"}
    first, again = (as_owner.post("/api/messages/", body, format="json") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]


@pytest.mark.parametrize("which", ["foreign", "missing", "deleted"])
def test_what_cannot_be_seen_does_not_exist(
    as_stranger: Any, stranger: Any, says: Any, sent: int, which: str, tmp_path: Path
) -> None:
    theirs = Customer.objects.create(first_name="Bea", owner=stranger, phone="+94771230001")
    says(theirs, "hello")
    wanted = sent
    if which == "missing":
        wanted = 999_999
    elif which == "deleted":
        Message.objects.filter(pk=sent).update(customer=theirs, deleted_at="2026-01-01T00:00:00Z")
    before = Event.objects.count(), Message.objects.count(), len(list(tmp_path.rglob("*")))
    answer = as_stranger.post("/api/messages/", {"customer": theirs.pk, "media_from": wanted}, format="json")
    assert (answer.status_code, answer.json()) == (
        400,
        {"media_from": [f'Invalid pk "{wanted}" - object does not exist.']},
    )
    assert (Event.objects.count(), Message.objects.count(), len(list(tmp_path.rglob("*")))) == before


def test_what_has_no_file(as_owner: Any, customer: Customer, sent: int) -> None:
    text = Message.objects.get(customer=customer, direction="inbound").pk
    assert (
        "no file"
        in as_owner.post("/api/messages/", {"customer": customer.pk, "media_from": text}).json()["media_from"][0]
    )
    both = {"customer": customer.pk, "media_from": sent, "media": upload("prices.pdf", PDF)}
    assert list(as_owner.post("/api/messages/", both, format="multipart").json()) == ["media_from"]
    Attachment.objects.get(message=sent).file.storage.delete(Attachment.objects.get(message=sent).file.name)
    gone = as_owner.post("/api/messages/", {"customer": customer.pk, "media_from": sent})
    assert (gone.status_code, list(gone.json())) == (400, ["media_from"])
    assert Message.objects.filter(direction="outbound").count() == 1


def test_the_rules_of_files_hold(as_owner: Any, customer: Customer, sent: int) -> None:
    answer = as_owner.post("/api/messages/", {"customer": customer.pk, "media_from": sent, "type": "image"})
    assert (answer.status_code, list(answer.json())) == (400, ["media"])
