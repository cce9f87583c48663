"""Webhooks in Django admin: to look at, and to handle again."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from messaging.models import Message
from tests.admin_pages import confirm
from tests.webhooks import change, drain, envelope, payload, says, text
from whatsapp.models import Identity, WebhookEvent
from whatsapp.webhook import handlers, queue, searching

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


def test_errors_of_the_account_are_kept_and_shown(desk: Client, post: Any) -> None:
    post(says(text("wamid.1")))
    post(payload("errors_beside_message"))
    quiet, event = WebhookEvent.objects.order_by("pk")
    assert event.account_errors.splitlines() == [
        "131042: Business eligibility payment issue",
        "131031: Account locked. The account is locked",
    ]
    assert (event.state, event.error, quiet.account_errors) == ("done", "", "")
    assert b"131031: Account locked" in desk.get(LIST).content
    assert b"131031: Account locked" in desk.get(f"{LIST}{event.pk}/change/").content
    found = desk.get(LIST, {"account_errors": "yes"}).content.decode()
    assert f"/{event.pk}/change/" in found
    assert f"/{quiet.pk}/change/" not in found
    confirm(desk, LIST, "replay", [event])
    assert drain() == 1
    event.refresh_from_db()
    assert len(event.account_errors.splitlines()) == 2


def test_errors_that_cannot_be_stored(post: Any) -> None:
    post(envelope(change(errors=["\x00 a text", {"code": 1, "title": "\ud800"}, 7])))
    event = WebhookEvent.objects.get()
    assert (event.state, event.account_errors) == ("done", "a text\n1: \n7".replace("1: ", "1:"))


@pytest.fixture
def two(post: Any) -> tuple[WebhookEvent, WebhookEvent]:
    """Two people wrote, one of them in Sinhala."""
    post(says(text("wamid.first", body="Hello")))
    nimal = {"wa_id": "94772222222", "profile": {"name": "Nimal Perera"}}
    post(says(text("wamid.second", "ආයුබෝවන් \U0001f44b", wa_id="94772222222"), contacts=[nimal]))
    first, second = WebhookEvent.objects.order_by("pk")
    return first, second


@pytest.mark.parametrize(
    "term", ["wamid.second", "Nimal", "Nimal Perera", "94772222222", "+94 77 222 2222", "ආයුබෝවන්", "\U0001f44b"]
)
def test_is_found_by_whom_it_is_about_and_by_what_it_says(
    desk: Client, two: tuple[WebhookEvent, WebhookEvent], term: str
) -> None:
    found = desk.get(LIST, {"q": term}).context["cl"].result_list

    assert [event.pk for event in found] == [two[1].pk]


def test_an_old_one_is_found_by_the_wamid_of_its_message(
    desk: Client, two: tuple[WebhookEvent, WebhookEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "NEWEST", 1)

    found = desk.get(LIST, {"q": "wamid.first"}).context["cl"].result_list

    assert [event.pk for event in found] == [two[0].pk]


def test_nothing_is_found_by_something_else(desk: Client, two: tuple[WebhookEvent, WebhookEvent]) -> None:
    assert not desk.get(LIST, {"q": "nowhere"}).context["cl"].result_list


def test_a_body_is_read_in_its_own_script(desk: Client, two: tuple[WebhookEvent, WebhookEvent]) -> None:
    page = desk.get(f"{LIST}{two[1].pk}/change/").content.decode()

    assert "ආයුබෝවන් \U0001f44b" in page
    assert "\n      &quot;id&quot;" in page or "\n  &quot;entry&quot;" in page
