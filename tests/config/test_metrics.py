"""`/metrics`: who may read it, and that its numbers match the database."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from customers.models import Customer
from messaging.models import Attachment, BusinessNumber, Direction, Message, Status
from whatsapp.models import WebhookEvent, WebhookState

TOKEN = "a-token-of-the-scraper"
AWAY = "203.0.113.9"


@pytest.fixture
def scraper(client: Client, settings: Any) -> Client:
    settings.METRICS_TOKEN = TOKEN
    return client


def numbers(text: str) -> dict[tuple[str, ...], float]:
    """Return the page as `{(name, label values in order of the label names): value}`."""
    families = text_string_to_metric_families(text)
    return {
        (s.name, *(s.labels[name] for name in sorted(s.labels))): s.value for family in families for s in family.samples
    }


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        (AWAY, {"authorization": f"Bearer {TOKEN}"}, 200),
        (AWAY, {}, 404),
        ("", {}, 404),
        (AWAY, {"authorization": "Bearer another"}, 404),
        (AWAY, {"authorization": TOKEN}, 404),
        (AWAY, {"x-forwarded-for": "127.0.0.1"}, 404),
        ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, 404),
        ("127.0.0.1", {"forwarded": "for=127.0.0.1"}, 404),
        ("127.0.0.1", {"x-real-ip": "203.0.113.9"}, 404),
        ("127.0.0.1", {"via": "1.1 proxy"}, 404),
    ],
)
def test_who_may_read_it(scraper: Client, db: None, address: str, headers: dict[str, str], status: int) -> None:
    response = scraper.get("/metrics", REMOTE_ADDR=address, headers=headers)

    assert response.status_code == status
    if status == 404:
        missing = scraper.get("/nothing-here", REMOTE_ADDR=address, headers=headers)
        assert response.content == missing.content.replace(b"/nothing-here", b"/metrics")


def test_an_empty_token_lets_no_one_in(client: Client, db: None, settings: Any) -> None:
    settings.METRICS_TOKEN = ""

    for given in ("Bearer ", "Bearer", ""):
        assert client.get("/metrics", REMOTE_ADDR=AWAY, headers={"authorization": given}).status_code == 404


def test_an_idle_desk_shows_every_series(client: Client, db: None) -> None:
    """At 0, because an alert on a missing series never fires."""
    response = client.get("/metrics", headers={"host": "10.0.0.7:8000"})

    assert response["Content-Type"].startswith("text/plain")
    found = numbers(response.content.decode())
    assert set(found.values()) == {0}
    assert {name for name, *_ in found} == {
        "patter_messages_unfinished",
        "patter_message_oldest_due_seconds",
        "patter_messages_last_5_minutes",
        "patter_conversions_pending",
        "patter_downloads_pending",
        "patter_webhooks_open",
        "patter_webhook_oldest_pending_seconds",
        "patter_webhooks_last_5_minutes",
    }


def test_its_numbers_match_the_database(client: Client, db: None) -> None:
    now = timezone.now()
    customer = Customer.objects.create(first_name="Ann")
    paused = BusinessNumber.objects.create(external_id="1", paused_until=now + timedelta(minutes=5))
    number = BusinessNumber.objects.create(external_id="2", paused_until=now - timedelta(minutes=5))

    def message(direction: Direction, status: Status, minutes: int = 0) -> Message:
        at = now - timedelta(minutes=minutes)
        return Message.objects.create(
            customer=customer, business_number=number, direction=direction, status=status, type="text",
            ordered_at=at, created_at=at, not_before=at,
        )  # fmt: skip

    message(Direction.OUTBOUND, Status.QUEUED, minutes=10)
    held = message(Direction.OUTBOUND, Status.QUEUED, minutes=20)
    held.business_number, held.customer = paused, Customer.objects.create(first_name="Bea")
    held.save()
    message(Direction.OUTBOUND, Status.QUEUED)
    message(Direction.OUTBOUND, Status.FAILED)
    message(Direction.OUTBOUND, Status.FAILED, minutes=6)
    Attachment.objects.create(message=message(Direction.INBOUND, Status.RECEIVED))
    for state, minutes in [("pending", 3), ("pending", 1), ("failed", 60), ("done", 2)]:
        at = now - timedelta(minutes=minutes)
        WebhookEvent.objects.create(body=b"{}", state=WebhookState(state), received_at=at)

    found = numbers(client.get("/metrics").content.decode())

    assert found["patter_messages_unfinished", "queued"] == 3
    assert found["patter_messages_unfinished", "sending"] == 0
    assert found["patter_message_oldest_due_seconds",] == pytest.approx(600, abs=30)
    assert found["patter_messages_last_5_minutes", "outbound", "queued"] == 1
    assert found["patter_messages_last_5_minutes", "outbound", "failed"] == 1
    assert found["patter_messages_last_5_minutes", "inbound", "received"] == 1
    assert found["patter_downloads_pending",] == 1
    assert found["patter_business_number_paused", "1", "whatsapp"] == 1
    assert found["patter_business_number_paused", "2", "whatsapp"] == 0
    assert found["patter_webhooks_open", "pending"] == 2
    assert found["patter_webhooks_open", "failed"] == 1
    assert found["patter_webhook_oldest_pending_seconds",] == pytest.approx(180, abs=30)
    assert found["patter_webhooks_last_5_minutes",] == 3


def test_openmetrics_if_requested(client: Client, db: None) -> None:
    response = client.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})

    assert response["Content-Type"].startswith("application/openmetrics-text")
    assert response.content.endswith(b"# EOF\n")


def test_a_database_that_cannot_be_reached(get_without_database: Any) -> None:
    response = get_without_database("/metrics")

    assert (response.status_code, response.content) == (503, b"The database does not answer.\n")
