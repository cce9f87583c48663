"""Reactions, edits and deletions of messages that never turn up: from before Patter, mostly."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from messaging.models import Message
from tests.webhooks import drain, message_item, says, text
from whatsapp.models import WebhookEvent
from whatsapp.webhook import queue
from whatsapp.webhook.queue import WebhookQueue

pytestmark = pytest.mark.django_db

WHO = "94771234567"
REACTION = {"type": "reaction", "reaction": {"message_id": "wamid.OLD", "emoji": "x"}}
EDIT = {
    "type": "edit",
    "edit": {"original_message_id": "wamid.OLD", "message": {"type": "text", "text": {"body": "a"}}},
}
REVOKE = {"type": "revoke", "revoke": {"original_message_id": "wamid.OLD"}}
DAY = timedelta(days=1)


def item(change: dict[str, Any], n: int = 1) -> dict[str, Any]:
    return message_item(WHO, f"wamid.C{n}", **change)


def spend_attempts(state: str = "waiting") -> WebhookEvent:
    for _ in range(WebhookEvent.MAX_ATTEMPTS):
        WebhookEvent.objects.update(not_before=timezone.now())
        drain()
    event: WebhookEvent = WebhookEvent.objects.get()
    assert (event.state, event.attempts) == (state, WebhookEvent.MAX_ATTEMPTS)
    return event


def a_day_passes() -> WebhookEvent:
    WebhookEvent.objects.update(received_at=timezone.now() - DAY)
    WebhookQueue().settle(everything=False)
    drain()
    event: WebhookEvent = WebhookEvent.objects.get()
    return event


@pytest.mark.parametrize("change", [REACTION, EDIT, REVOKE], ids=["reaction", "edit", "deletion"])
def test_it_is_done_after_a_day_with_a_note(post: Any, change: dict[str, Any]) -> None:
    post(says(item(change)))
    spend_attempts()
    WebhookQueue().settle(everything=False)
    assert drain() == 0, "not before"

    event = a_day_passes()

    assert (event.state, event.claim_token, event.lease_until) == ("done", None, None)
    assert "from before Patter" in event.error
    assert "wamid.OLD" in event.error
    assert drain() == 0


def test_a_relay_that_was_away_for_a_day(post: Any) -> None:
    """The attempts are not used up, and the next one is the last."""
    post(says(item(REACTION)))
    WebhookEvent.objects.update(received_at=timezone.now() - DAY, not_before=timezone.now())

    drain()

    assert WebhookEvent.objects.get().state == "done"


def test_the_message_has_turned_up_by_then(post: Any) -> None:
    post(says(item(REACTION)))
    spend_attempts()
    WebhookEvent.objects.update(received_at=timezone.now() - DAY)
    post(says(text("wamid.OLD")))

    WebhookQueue().settle(everything=False)
    drain()

    assert set(WebhookEvent.objects.values_list("state", "error")) == {("done", "")}
    assert Message.objects.get().reactions[0]["emoji"] == "x"


def test_what_else_is_in_the_body_keeps_it_failed(post: Any) -> None:
    post(says(*(item(REACTION, n) for n in range(30)), {**text("wamid.1"), "from": "nobody"}))
    event = spend_attempts("failed")
    assert "wamid.OLD" not in event.error.splitlines()[0], "first what to look into"

    assert a_day_passes().state == "failed"

    assert drain() == 0, "and it is not tried again and again"


@pytest.mark.parametrize("seconds", [30.0, -1.0], ids=["in one turn", "in many turns"])
def test_many_in_one_body(post: Any, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """More than are listed."""
    for name in ("REQUEST_SECONDS", "TURN_SECONDS"):
        monkeypatch.setattr(queue, name, seconds)
    post(says(*(item(REACTION, n) for n in range(30))))
    *listed, last = spend_attempts().error.splitlines()
    assert (len(listed), last) == (20, "and 10 more")

    assert a_day_passes().state == "done"


def test_it_can_still_be_replayed(post: Any) -> None:
    post(says(item(REACTION)))
    spend_attempts()
    a_day_passes()
    post(says(text("wamid.OLD")))

    WebhookEvent.objects.exclude(error="").replay()
    drain()

    assert Message.objects.get().reactions[0]["emoji"] == "x"
