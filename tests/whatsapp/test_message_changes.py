"""Reactions, edits, deletions: what they make of the message they speak of, in whatever order they come."""

import json
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from customers.models import Customer, Event
from messaging.models import Conversation, Message
from tests.webhooks import drain, message_item, says, text
from whatsapp.models import WebhookEvent

pytestmark = pytest.mark.django_db

TARGET = "wamid.TARGET"
BY = "94771234567"


def about(kind: str, content: dict[str, Any], wamid: str, at: int = 1763700100, **more: Any) -> dict[str, Any]:
    return message_item(BY, wamid, at=at, type=kind, **{kind: content}, **more)


def reaction(emoji: str | None, wamid: str = "wamid.R1", at: int = 1763700100, by: str = BY) -> dict[str, Any]:
    content = {"message_id": TARGET} if emoji is None else {"message_id": TARGET, "emoji": emoji}
    return {**about("reaction", content, wamid, at), "from": by}


def edit(words: str, wamid: str = "wamid.E1", at: int = 1763700100) -> dict[str, Any]:
    edited = {"type": "text", "text": {"body": words}}
    return about("edit", {"original_message_id": TARGET, "message": edited}, wamid, at)


def revoke(at: int = 1763700100) -> dict[str, Any]:
    return about("revoke", {"original_message_id": TARGET}, "wamid.D1", at)


@pytest.fixture
def said(post: Any) -> Message:
    """A message of a customer."""
    post(says(text(TARGET, "Helo")))
    found: Message = Message.objects.get()
    return found


def updates() -> list[dict[str, Any]]:
    return [event.data for event in Event.objects.filter(type="message_updated").order_by("seq")]


def try_again() -> None:
    WebhookEvent.objects.update(not_before=timezone.now())
    drain()


def test_a_reaction_is_a_chip_on_its_message(post: Any, as_admin: APIClient, said: Message) -> None:
    unread = Conversation.objects.get().unread_count
    post(says(reaction("👍")))

    row = as_admin.get(f"/api/messages/{said.pk}/").json()
    assert row["reactions"] == [{"emoji": "👍", "from": BY, "at": "2025-11-21T04:41:40Z"}]
    assert updates() == [{**row, "media": None}]
    assert Message.objects.count() == 1
    assert Conversation.objects.get().unread_count == unread


@pytest.mark.parametrize("gone", ["", None])
def test_an_empty_or_missing_emoji_takes_it_away(post: Any, as_admin: APIClient, said: Message, gone: Any) -> None:
    post(says(reaction("👍")))
    post(says(reaction(gone, "wamid.R2", 1763700200)))
    assert as_admin.get(f"/api/messages/{said.pk}/").json()["reactions"] == []
    assert [data["reactions"] for data in updates()][-1] == []


def test_everybody_has_one_reaction(post: Any, as_admin: APIClient, said: Message) -> None:
    post(says(reaction("👍"), reaction("❤️", "wamid.R2", 1763700200), reaction("😂", "wamid.R3", by="94770000001")))
    chips = as_admin.get(f"/api/messages/{said.pk}/").json()["reactions"]
    assert {(chip["from"], chip["emoji"]) for chip in chips} == {(BY, "❤️"), ("94770000001", "😂")}


def test_older_reactions_that_come_late_change_nothing(post: Any, as_admin: APIClient, said: Message) -> None:
    post(says(reaction("", "wamid.R2", 1763700200)))
    post(says(reaction("👍", "wamid.R1", 1763700100)))
    assert as_admin.get(f"/api/messages/{said.pk}/").json()["reactions"] == []


def test_a_reaction_by_business_scoped_id_is_the_same_person(post: Any, said: Message) -> None:
    post(says(text("wamid.2") | {"from_user_id": "LK.123"}))
    post(says(reaction("👍")))
    hidden = about("reaction", {"message_id": TARGET, "emoji": "❤️"}, "wamid.R2", 1763700200, from_user_id="LK.123")
    del hidden["from"]
    post(says(hidden))
    said.refresh_from_db()
    assert [chip["emoji"] for chip in said.reactions] == ["❤️"]


def test_an_edit_replaces_the_words_and_keeps_those_before(post: Any, as_admin: APIClient, said: Message) -> None:
    post(says(edit("Hello")))
    post(says(edit("Hello!", "wamid.E2", 1763700200)))

    row = as_admin.get(f"/api/messages/{said.pk}/").json()
    assert (row["text"], row["edited_at"]) == ("Hello!", "2025-11-21T04:43:20Z")
    assert [entry["before"] for entry in row["payload"]["edits"]] == ["Helo", "Hello"]
    assert [data["text"] for data in updates()] == ["Hello", "Hello!"]


def test_an_older_edit_that_comes_late_changes_nothing(post: Any, said: Message) -> None:
    post(says(edit("newest", "wamid.E2", 1763700200)))
    post(says(edit("older", "wamid.E1", 1763700100)))
    said.refresh_from_db()
    assert said.text == "newest"


def test_a_message_taken_back_is_shown_empty_and_kept(post: Any, as_admin: APIClient, said: Message) -> None:
    post(says(revoke()))

    row = as_admin.get(f"/api/messages/{said.pk}/").json()
    assert (row["text"], row["payload"], row["deleted_at"]) == ("", {}, "2025-11-21T04:41:40Z")
    assert [(data["text"], data["deleted_at"]) for data in updates()] == [("", "2025-11-21T04:41:40Z")]
    said.refresh_from_db()
    assert said.text == "Helo"


@pytest.mark.parametrize("change", [reaction("👍"), edit("Hello"), revoke()])
def test_a_redelivery_changes_nothing(post: Any, said: Message, change: dict[str, Any]) -> None:
    post(says(change))
    rows = list(Message.objects.values()), list(Event.objects.values())
    for _ in range(2):
        post(says(change))
        WebhookEvent.objects.update(state="pending", elements=0)
        drain()
    assert (list(Message.objects.values()), list(Event.objects.values())) == rows


@pytest.mark.parametrize("change", [reaction("👍"), edit("Hello"), revoke()])
def test_what_comes_before_its_message_is_not_lost(post: Any, change: dict[str, Any]) -> None:
    post(says(change))
    assert WebhookEvent.objects.get().state == "waiting"
    post(says(text(TARGET, "Helo")))
    try_again()

    assert set(WebhookEvent.objects.values_list("state", flat=True)) == {"done"}
    message = Message.objects.get()
    assert message.reactions or message.edited_at or message.deleted_at
    assert len(updates()) == 1


def test_in_one_body_the_wrong_way_round(post: Any) -> None:
    post(says(edit("Hello"), text(TARGET, "Helo")))
    assert Message.objects.get().text == "Helo"
    try_again()
    assert Message.objects.get().text == "Hello"
    assert WebhookEvent.objects.get().state == "done"


def test_what_never_finds_its_message_says_which(post: Any) -> None:
    post(says(reaction("👍")))
    WebhookEvent.objects.update(attempts=WebhookEvent.MAX_ATTEMPTS - 1)
    try_again()
    event = WebhookEvent.objects.get()
    assert (event.state, event.attempts) == ("waiting", WebhookEvent.MAX_ATTEMPTS)
    assert TARGET in event.error


def test_a_change_reaches_only_the_number_it_came_to(post: Any, said: Message) -> None:
    body = says(edit("Hello"))
    body["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "999"
    post(body)
    said.refresh_from_db()
    assert said.text == "Helo"


@pytest.mark.parametrize(
    "broken",
    [
        about("reaction", {"emoji": "👍"}, "wamid.B"),
        about("edit", {"original_message_id": TARGET}, "wamid.B"),
        about("edit", {"original_message_id": TARGET, "message": {"type": "text", "text": {}}}, "wamid.B"),
        about("revoke", {}, "wamid.B"),
        about("reaction", {"message_id": "", "emoji": "👍"}, "wamid.B"),
        about("reaction", {"message_id": "w" * 201, "emoji": "👍"}, "wamid.B"),
        about("edit", {"original_message_id": TARGET, "message": {"type": "hologram", "hologram": 7}}, "wamid.B"),
        about("edit", {}, "wamid.B"),
        about("revoke", {"original_message_id": ["x"]}, "wamid.B"),
    ],
)
def test_what_changes_nothing_is_kept_and_done(post: Any, said: Message, broken: dict[str, Any]) -> None:
    body = says(broken, text("wamid.2", "and?"))
    assert post(body).status_code == 200
    assert [message.text for message in Message.objects.order_by("pk")] == ["Helo", "and?"]
    event = WebhookEvent.objects.order_by("pk").last()
    assert event is not None
    assert (event.state, event.error) == ("done", "")
    assert json.loads(bytes(event.body)) == body
    assert updates() == []
    assert Customer.objects.count() == 1


def test_an_edit_of_nothing_is_a_message_with_what_it_says(post: Any, said: Message) -> None:
    edited = {"type": "text", "text": {"body": "I meant Tuesday"}}
    for _ in range(2):
        post(says(about("edit", {"message": edited}, "wamid.E9")))
    new = Message.objects.get(wamid="wamid.E9")
    assert (new.type, new.text, new.customer_id) == ("text", "I meant Tuesday", said.customer_id)
    assert Conversation.objects.get().unread_count == 2
    assert set(WebhookEvent.objects.values_list("state", flat=True)) == {"done"}


def test_erasing_the_person_blanks_what_still_waits(post: Any, said: Message, as_admin: APIClient) -> None:
    waiting = about(
        "edit", {"original_message_id": "wamid.GONE", "message": {"type": "text", "text": {"body": "x"}}}, "w"
    )
    post(says(waiting))
    event = WebhookEvent.objects.get(state="waiting")
    assert b"wamid.GONE" in bytes(event.body)
    assert as_admin.delete(f"/api/customers/{said.customer_id}/").status_code == 204
    event.refresh_from_db()
    assert (bytes(event.body), event.state) == (b"{}", "done")


class TestUnread:
    """A message that was taken back before anybody read it has not to be read any more."""

    @staticmethod
    def unread(client: APIClient) -> int:
        return int(client.get("/api/customers/").json()["results"][0]["unread_count"])

    def test_taken_back_unread(self, post: Any, said: Message, as_admin: APIClient) -> None:
        post(says(text("wamid.2", "and more")))
        assert self.unread(as_admin) == 2
        for _ in range(2):
            post(says(revoke()))
        assert self.unread(as_admin) == 1, "once, however often it is told"

    def test_taken_back_after_it_was_read(self, post: Any, said: Message, as_admin: APIClient) -> None:
        as_admin.post(f"/api/customers/{said.customer_id}/read/")
        post(says(text("wamid.2", "and more")))
        post(says(revoke()))
        assert self.unread(as_admin) == 1

    def test_taken_back_before_it_came(self, post: Any, as_admin: APIClient) -> None:
        post(says(text("wamid.2", "first")))
        post(says(revoke()))
        post(says(text(TARGET, "Helo")))
        try_again()
        assert self.unread(as_admin) == 1
