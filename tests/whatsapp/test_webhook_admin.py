"""Webhooks in Django admin: to look at, and to handle again."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from messaging.models import Message
from tests.admin_pages import confirm
from tests.webhooks import says, text
from whatsapp.models import Identity, WebhookEvent
from whatsapp.webhook import handlers, queue

pytestmark = pytest.mark.django_db
LIST = "/admin/whatsapp/webhookevent/"


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


def test_a_failed_webhook_is_replayed(desk: Client, post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**given: Any) -> None:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patched:
        patched.setattr(handlers, "receive_message", fail)
        post(says(text("wamid.1")))
    WebhookEvent.objects.update(attempts=8)
    event = WebhookEvent.objects.get()
    assert b"a bug" in desk.get(LIST, {"state": "failed"}).content
    assert "1 will be handled again" in confirm(desk, LIST, "replay", [event])
    source = queue.WebhookQueue()
    (job,) = source.claim(5)
    source.run(job)
    event.refresh_from_db()
    assert (event.state, event.attempts) == ("done", 1)
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    "body", [b'{"object": "\\u00e9"}', b"\xff\xfe", b"[" * 100_000, b'{"a": "\\ud800<script>alert(1)</script>"}']
)
def test_every_body_can_be_looked_at(desk: Client, post: Any, body: bytes) -> None:
    post(body)
    answer = desk.get(f"{LIST}{WebhookEvent.objects.get().pk}/change/")
    assert answer.status_code == 200
    assert b"<script>alert" not in answer.content


def test_nothing_can_be_written(desk: Client, post: Any) -> None:
    post(says(text("wamid.1")))
    assert desk.get(f"{LIST}add/").status_code == 403
    event, identity = WebhookEvent.objects.get(), Identity.objects.get()
    assert desk.post(f"{LIST}{event.pk}/change/", {"state": "failed"}).status_code == 403
    assert desk.post(f"{LIST}{event.pk}/delete/", {"post": "yes"}).status_code == 403
    assert desk.get("/admin/whatsapp/identity/").status_code == 200
    assert desk.get(f"/admin/whatsapp/identity/{identity.pk}/change/").status_code == 200
    assert desk.post(f"/admin/whatsapp/identity/{identity.pk}/change/", {"wa_id": "1"}).status_code == 403
