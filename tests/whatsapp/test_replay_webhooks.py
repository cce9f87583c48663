"""`manage.py replay_webhooks`: what is handled again, and that nothing doubles."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from customers.models import Customer, Event
from messaging.models import Message
from tests.webhooks import drain, payload, says, text
from whatsapp.models import WebhookEvent
from whatsapp.webhook import handlers

pytestmark = pytest.mark.django_db


def replay(*arguments: str) -> str:
    out = StringIO()
    call_command("replay_webhooks", *arguments, stdout=out)
    return out.getvalue()


def test_what_failed_is_handled_again(post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**given: Any) -> None:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patched:
        patched.setattr(handlers, "receive_message", fail)
        post(says(text("wamid.1")))
    post(says(text("wamid.2")))
    WebhookEvent.objects.filter(state="failed").update(attempts=8)
    assert drain() == 0

    assert "would be handled again: 1" in replay("--failed", "--dry-run")
    assert "will handle again: 1" in replay("--failed")
    assert drain() == 1
    assert Message.objects.count() == 2
    assert set(WebhookEvent.objects.values_list("state", flat=True)) == {"done"}


def test_a_replayed_day_changes_nothing(post: Any) -> None:
    for name in ("text", "image", "system_number_changed", "echo_text", "preference_stop", "status_read"):
        post(payload(name))
    rows = [list(model.objects.order_by("pk").values()) for model in (Message, Customer, Event)]
    for _ in range(2):
        replay("--since", timezone.now().date().isoformat())
        assert drain() == 6
    assert [list(model.objects.order_by("pk").values()) for model in (Message, Customer, Event)] == rows


def test_they_are_chosen_by_time_and_id(post: Any) -> None:
    for number in range(3):
        post(says(text(f"wamid.{number}")))
    first, second, _ = WebhookEvent.objects.order_by("pk")
    WebhookEvent.objects.filter(pk=first.pk).update(received_at=timezone.now() - timedelta(days=3))
    yesterday = (timezone.now() - timedelta(days=1)).isoformat()
    assert "again: 2" in replay("--since", yesterday, "--dry-run")
    assert "again: 1" in replay("--id", str(second.pk), "--dry-run")
    assert "again: 0" in replay("--since", yesterday, "--id", str(first.pk), "--dry-run")


@pytest.mark.parametrize("arguments", [[], ["--since", "yesterday"], ["--since", "2026-13-45"], ["--id", "x"]])
def test_nonsense_is_refused(arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        replay(*arguments)
