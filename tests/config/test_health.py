from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import connection
from django.test import Client
from django.utils import timezone

from config import health
from customers.models import Customer
from messaging.models import BusinessNumber, Direction, Message, Status


@pytest.fixture(autouse=True)
def _forget_migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_done", set())


def test_livez_needs_no_database(client: Client) -> None:
    # Without the `db` fixture any query fails the test.
    response = client.get("/livez")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_probes_need_no_known_host_and_no_tls(client: Client, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["desk.example"]

    assert client.get("/livez", headers={"host": "10.0.0.7:8000"}).status_code == 200
    assert client.get("/admin/", headers={"host": "10.0.0.7:8000"}).status_code == 400


def test_readyz_works(client: Client, db: None) -> None:
    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json()["status"] == "ok"
    assert response.json()["checks"]["database"] == {"status": "ok"}
    assert response.json()["checks"]["business_numbers"] == {"status": "ok", "paused": []}


def test_readyz_reports_a_database_that_cannot_be_reached(get_without_database: Any) -> None:
    response = get_without_database("/readyz")

    assert response.status_code == 503
    assert response.json()["status"] == "failed"
    assert response.json()["checks"]["database"] == {"status": "failed", "detail": "The database does not answer."}
    assert b"hunter2" not in response.content


def test_readyz_reports_unapplied_migrations(client: Client, db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'whatsapp'")

    response = client.get("/readyz")

    assert response.status_code == 503
    assert "manage.py migrate" in response.json()["checks"]["database"]["detail"]


def test_readyz_reports_redis_if_it_is_configured(
    client: Client, db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"]["redis"] == {"status": "failed", "detail": "Redis does not answer."}
    assert response.json()["checks"]["database"] == {"status": "ok"}

    monkeypatch.setattr(redis.Redis, "ping", lambda self: True)
    assert client.get("/readyz").status_code == 200


def test_readyz_lists_paused_numbers_and_the_age_of_the_queue(client: Client, customer: Customer) -> None:
    now = timezone.now()
    until = now + timedelta(minutes=1)
    number = BusinessNumber.objects.create(external_id="1001", paused_until=until, reason="the token has expired")
    BusinessNumber.objects.create(external_id="1002", paused_until=now - timedelta(seconds=1), reason="was slow")
    Message.objects.create(
        customer=customer,
        business_number=number,
        direction=Direction.OUTBOUND,
        status=Status.QUEUED,
        not_before=now - timedelta(seconds=90),
    )

    response = client.get("/readyz")

    assert response.status_code == 200
    paused = response.json()["checks"]["business_numbers"]["paused"]
    assert [(row["number"], row["reason"]) for row in paused] == [("whatsapp 1001", "the token has expired")]
    queue = response.json()["checks"]["queue"]
    assert (90 <= queue["oldest_seconds"] < 120, queue["oldest_due_seconds"]) == (True, 0), "its number pauses"
    BusinessNumber.objects.update(paused_until=None)
    assert 90 <= client.get("/readyz").json()["checks"]["queue"]["oldest_due_seconds"] < 120
