"""The file of a message: who sees its URL, in REST, in the log and on sockets, and who gets the file."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from PIL import Image
from rest_framework.test import APIClient

from accounts.models import Session, User
from customers.actions.locking import lock
from customers.events import record
from customers.models import Customer
from messaging.models import Attachment, Message
from messaging.serializers.messages import message_row
from tests.live_server import Socket
from tests.messaging.steps import Says


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return tmp_path / "media"


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 3), "red").save(buffer, "PNG")
    return buffer.getvalue()


def with_picture(message_id: int | None) -> Attachment:
    """Give a message a picture and record that, as the relay does."""
    attachment = Attachment(message_id=message_id, state="ready", mime_type="image/png", size=70, width=4, height=3)
    attachment.file_name = "tea pot.png"
    attachment.file.save("photo.png", ContentFile(picture()), save=False)
    attachment.thumbnail.save("photo.jpg", ContentFile(b"\xff\xd8\xff small"), save=False)
    attachment.save()
    with transaction.atomic():
        message = Message.objects.get(pk=message_id)
        record(lock(message.customer_id), "message_updated", message_row(message.pk))
    return attachment


@pytest.fixture
def shown(customer: Customer, says: Says) -> int:
    """A message of the customer with a picture."""
    message_id = says(customer, "look")
    assert message_id is not None
    with_picture(message_id)
    return message_id


def fetch(client: APIClient, url: str) -> Any:
    parts = urlsplit(url)
    return client.get(f"{parts.path}?{parts.query}" if parts.query else parts.path)


def test_rest_shows_the_file_with_urls_for_the_caller(as_owner: APIClient, anonymous: APIClient, shown: int) -> None:
    media = as_owner.get(f"/api/messages/{shown}/").json()["media"]

    assert media.keys() == {
        "url", "thumbnail_url", "state", "mime_type", "size", "file_name", "width", "height", "error", "original_url",
    }  # fmt: skip
    assert (media["state"], media["mime_type"], media["size"]) == ("ready", "image/png", 70)
    assert media["url"].startswith("http://testserver/media/attachments/")
    answer = fetch(anonymous, media["url"])
    assert (answer.status_code, b"".join(answer.streaming_content)) == (200, picture())
    assert answer["Content-Disposition"] == 'inline; filename="tea pot.png"'
    assert fetch(anonymous, media["thumbnail_url"]).status_code == 200


def test_lists_show_it_too_without_another_query(
    as_owner: APIClient, customer: Customer, says: Says, shown: int, django_assert_num_queries: Any
) -> None:
    for number in range(3):
        with_picture(says(customer, str(number)))
    with django_assert_num_queries(2):
        rows = as_owner.get("/api/messages/").json()["results"]
    assert len([row for row in rows if row["media"] and row["media"]["url"]]) == 4


def test_the_log_holds_no_urls_and_the_endpoint_adds_them(as_owner: APIClient, customer: Customer, shown: int) -> None:
    recorded = customer.events.get(type="message_updated").data
    assert "url" not in recorded["media"]
    assert "sig=" not in str(recorded)

    events = as_owner.get(f"/api/customers/{customer.pk}/events/").json()["results"]
    media = events[-1]["data"]["media"]
    assert media["url"].startswith("http://testserver/media/attachments/")
    assert "file" not in media


def test_nobody_else_gets_the_file(
    as_owner: APIClient, as_stranger: APIClient, as_admin: APIClient, shown: int
) -> None:
    url = as_owner.get(f"/api/messages/{shown}/").json()["media"]["url"]
    bare = url.partition("?")[0]
    assert fetch(as_owner, bare).status_code == 200
    assert fetch(as_admin, bare).status_code == 200
    assert fetch(as_stranger, bare).status_code == 404
    assert fetch(APIClient(), bare).status_code == 401


def test_losing_the_customer_is_losing_the_file(
    as_owner: APIClient, customer: Customer, stranger: User, shown: int
) -> None:
    url = as_owner.get(f"/api/messages/{shown}/").json()["media"]["url"]
    Customer.objects.filter(pk=customer.pk).update(owner=stranger)
    assert fetch(APIClient(), url).status_code == 404


def test_a_deleted_message_shows_nothing(as_owner: APIClient, customer: Customer, shown: int) -> None:
    url = as_owner.get(f"/api/messages/{shown}/").json()["media"]["url"]
    Message.objects.filter(pk=shown).update(deleted_at=timezone.now())

    row = as_owner.get(f"/api/messages/{shown}/").json()
    assert (row["text"], row["media"], row["payload"]) == ("", None, {})
    assert fetch(APIClient(), url).status_code == 404
    assert as_owner.get("/api/messages/?search=look").json()["results"] == []
    assert as_owner.get("/api/customers/").json()["results"][0]["last_message"]["text"] == ""
    assert Message.objects.get().text == "look"


def test_erasing_the_person_removes_the_files(
    as_admin: APIClient, customer: Customer, shown: int, media: Path, django_capture_on_commit_callbacks: Any
) -> None:
    assert len([path for path in media.rglob("*") if path.is_file()]) == 2
    with django_capture_on_commit_callbacks(execute=True):
        assert as_admin.delete(f"/api/customers/{customer.pk}/").status_code == 204
    assert [path for path in media.rglob("*") if path.is_file()] == []


@pytest.mark.django_db(transaction=True)
def test_sockets_get_urls_of_their_own(
    open_socket: Callable[..., Socket], token_of: Any, owner: User, admin: User, customer: Customer, says: Says
) -> None:
    message_id = says(customer, "look")
    sockets = [open_socket(f"/ws/chat/{customer.pk}/", token_of(user)) for user in (owner, admin)]
    for socket in sockets:
        assert socket.read_type("recent_messages")["data"]["messages"][0]["media"] is None
    with_picture(message_id)

    urls = [socket.read_type("message_updated")["data"]["media"]["url"] for socket in sockets]
    assert [parse_qs(urlsplit(url).query)["session"] for url in urls] == [
        [str(Session.objects.get(user=user).pk)] for user in (owner, admin)
    ]
    for url in urls:
        assert urlsplit(url).netloc.startswith("127.0.0.1:")
        assert fetch(APIClient(), url).status_code == 200
    late = open_socket(f"/ws/chat/{customer.pk}/?last_seq=1", token_of(owner))
    assert "sig=" in late.read_type("message_updated")["data"]["media"]["url"]
    newcomer = open_socket(f"/ws/chat/{customer.pk}/", token_of(owner))
    assert "sig=" in newcomer.read_type("recent_messages")["data"]["messages"][0]["media"]["thumbnail_url"]
