"""Tags in Django admin: another face on the actions."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from core.live import publishing
from customers.models import Customer, Event
from tags.models import CustomerTag, Tag
from tests.tags.expected import snapshot

TAGS = "/admin/tags/tag/"


@pytest.fixture
def desk(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> list[Any]:
    frames: list[Any] = []
    monkeypatch.setattr(publishing, "publish", lambda group, event: frames.append((group, event["frame"])))
    return frames


def test_renaming(desk: Client, told: Any, new_tag: Any, django_capture_on_commit_callbacks: Any) -> None:
    vip = new_tag("VIP")
    with django_capture_on_commit_callbacks(execute=True):
        assert desk.post(f"{TAGS}{vip.pk}/change/", {"name": " Gold "}).status_code == 302
    vip.refresh_from_db()
    assert (vip.name, vip.name_key) == ("Gold", "gold")
    [(group, frame)] = told
    assert (group, frame["type"], frame["data"]) == ("staff", "tag_updated", {"id": vip.pk, "name": "Gold"})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("", "This field is required."),
        ("a\nb", "Line breaks and other control characters are not allowed here."),
        ("x" * 101, "Ensure this value has at most 100 characters (it has 101)."),
        ("WHATSAPP", "A tag with this name already exists."),
        ("Ünter", "A tag with this name already exists."),
    ],
)
def test_names_that_are_refused(desk: Client, new_tag: Any, name: str, text: str) -> None:
    vip, _ = new_tag("VIP"), new_tag("ünter")
    before = snapshot()
    for path in (f"{TAGS}add/", f"{TAGS}{vip.pk}/change/"):
        response = desk.post(path, {"name": name})
        assert response.status_code == 200
        assert text in response.content.decode()
    assert snapshot() == before


def test_deleting(
    desk: Client, told: Any, customer: Customer, new_tag: Any, django_capture_on_commit_callbacks: Any
) -> None:
    vip, gold = new_tag("VIP", customer), new_tag("Gold", customer)
    with CaptureQueriesContext(connection) as queries:
        assert b"VIP" in desk.get(f"{TAGS}{vip.pk}/delete/").content
    assert not any("tags_customertag" in query["sql"] for query in queries), "a hundred thousand may carry it"
    with django_capture_on_commit_callbacks(execute=True):
        assert desk.post(f"{TAGS}{vip.pk}/delete/", {"post": "yes"}).status_code == 302
        body = {"action": "delete_selected", "_selected_action": [gold.pk], "post": "yes"}
        assert desk.post(TAGS, body).status_code == 302
    assert not Tag.objects.filter(pk__in=[vip.pk, gold.pk]).exists()
    assert not CustomerTag.objects.exists()
    assert not Event.objects.exists()
    assert [frame["data"]["name"] for _, frame in told] == ["VIP", "Gold"]


def test_system_tags_stay(desk: Client, system: Any) -> None:
    before = snapshot()
    pk = system["whatsapp"].pk
    assert desk.post(f"{TAGS}{pk}/delete/", {"post": "yes"}).status_code == 403
    assert desk.post(f"{TAGS}{pk}/change/", {"name": "Other"}).status_code == 403
    desk.post(TAGS, {"action": "delete_selected", "_selected_action": [pk], "post": "yes"})
    assert snapshot() == before


def test_searching(desk: Client, new_tag: Any) -> None:
    new_tag("Été")
    assert "Été" in desk.get(f"{TAGS}?q=ÉTÉ").content.decode()
    assert "Été" not in desk.get(f"{TAGS}?q=nobody").content.decode()
