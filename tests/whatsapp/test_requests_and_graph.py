"""No request talks to Meta: what does is a job of the relay."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings as django_settings
from django.contrib import admin as django_admin
from django.db import transaction
from django.test import Client, RequestFactory
from django.utils.module_loading import import_string
from rest_framework.test import APIClient

from accounts.models import User
from customers.models import Customer
from messaging.models import Attachment, Message
from tests.media_files import jpeg
from tests.permission_matrix import MATRIX
from tests.webhooks import message_item, says, text
from whatsapp.graph.bounds import BoundedClient
from whatsapp.models import Template

Ask = Callable[..., Any]
BODY = {"type": "BODY", "text": "Hello"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def talked(connect: Callable[[str], None], settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What was said to Meta, where nobody answers. Every way there goes through httpx."""
    connect("http://127.0.0.1:9")
    settings.MEDIA_ROOT = str(tmp_path)
    settings.WHATSAPP_BUSINESS_ACCOUNT_ID, settings.WHATSAPP_CODE_TEMPLATE = "10", "code:en"
    settings.WHATSAPP_READ_RECEIPTS = "on_read"
    said: list[str] = []

    def send(client: Any, request: httpx.Request, **options: Any) -> httpx.Response:
        said.append(f"{request.method} {request.url.path.rpartition('/')[2]}")
        raise httpx.ConnectError("nobody is there", request=request)

    monkeypatch.setattr(BoundedClient, "send", send)
    monkeypatch.setattr(httpx.Client, "send", send)
    monkeypatch.setattr(httpx.AsyncClient, "send", send)
    return said


@pytest.fixture
def ask(django_capture_on_commit_callbacks: Any) -> Ask:
    """Make a request, read its answer, and do what the request does after its commit, in its thread, too."""

    def asked(call: Callable[..., Any], *args: Any, **options: Any) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            answer = call(*args, **options)
            if answer.streaming:
                list(answer)
        return answer

    return asked


def relay_turn() -> None:
    """One turn of a relay, with all its jobs."""
    for name in django_settings.RELAY_JOBS:
        source = import_string(name)()
        source.settle(everything=False)
        for job in source.claim(source.workers):
            source.run(job)


@pytest.mark.parametrize("role", ["customer", "owner", "admin"])
def test_no_endpoint(
    role: str, things: dict[str, int], talked: list[str], ask: Ask, request: pytest.FixtureRequest
) -> None:
    client, got_through = request.getfixturevalue(f"as_{role}"), 0
    for row in MATRIX:
        method, path = row.format(**things).split()
        with transaction.atomic():
            body = b"{}" if method != "GET" else b""
            answer = ask(client.generic, method, path, body, content_type="application/json")
            transaction.set_rollback(True)  # every row finds the same
        assert not talked, row
        got_through += answer.status_code < 300
    assert got_through > 20


def test_nor_what_is_done_with_a_chat(
    post: Any,
    as_owner: APIClient,
    as_customer: APIClient,
    customer: Customer,
    talked: list[str],
    ask: Ask,
) -> None:
    """All of it speaks to Meta sooner or later."""
    Template.objects.create(waba_id="10", name="hi", language="en", status="APPROVED", components=[BODY])
    file = {"id": "77", "mime_type": "image/jpeg", "sha256": "x"}
    came = says(text("wamid.A"), message_item("94771234567", "wamid.B", type="image", image=file))
    assert ask(post, came).status_code == 200
    asked_for = Message.objects.get(wamid="wamid.B")

    def sent(**body: Any) -> int:
        answer = ask(as_owner.post, "/api/messages/", {"customer": customer.pk, **body}, format="multipart")
        assert answer.status_code == 201, answer.content
        return int(answer.json()["id"])

    failed = sent(text="Hello")
    sent(media=jpeg())
    sent(type="template", template='{"name": "hi", "language": "en"}')
    Message.objects.filter(pk=failed).update(status="failed")
    Attachment.objects.filter(message=asked_for).update(state="failed")
    for path in (
        f"/api/messages/{failed}/retry/",
        f"/api/messages/{asked_for.pk}/fetch-media/",
        f"/api/customers/{customer.pk}/read/",
    ):
        assert ask(as_owner.post, path).status_code == 200, path
    assert ask(as_customer.post, "/api/customers/customers/send_phone_code/").status_code == 200
    assert not talked

    relay_turn()

    # The code, a message, the read mark; and the file.
    assert set(talked) == {"POST messages", "GET 77"}
    assert len(talked) >= 4


def test_nor_any_page_or_action_of_django_admin(
    things: dict[str, int], admin: User, post: Any, talked: list[str], ask: Ask
) -> None:
    Template.objects.create(waba_id="10", name="hi", language="en", status="APPROVED", components=[BODY])
    ask(post, says(text("wamid.A")))
    desk, done = Client(), set()
    desk.force_login(admin)
    by_admin = RequestFactory().get("/admin/")
    by_admin.user = admin
    for model, pages in django_admin.site._registry.items():
        path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        rows = [str(pk) for pk in model._default_manager.values_list("pk", flat=True)]
        for page in [path, f"{path}add/", *(f"{path}{pk}/change/" for pk in rows[:3])]:
            ask(desk.get, page)
            assert not talked, page
        for action in pages.get_actions(by_admin) if rows else ():
            with transaction.atomic():
                form = {"action": action, "_selected_action": rows, "confirmed": "yes"}
                assert ask(desk.post, path, form, follow=True).status_code == 200
                transaction.set_rollback(True)
            assert not talked, (path, action)
            done.add(action)
    assert {"sync", "sync_templates", "resume_sending", "replay", "detach", "confirm_phones"} <= done
