"""The zone of times in Django admin. Everything else speaks UTC."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from config.front_page import front_page
from customers.models import Customer
from messaging.models import BusinessNumber, Message

pytestmark = pytest.mark.django_db
MESSAGES = "/admin/messaging/message/"
# Half past one in the night of the 6th in Colombo.
AT = datetime(2026, 3, 5, 20, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_colombo(settings: Any) -> None:
    settings.SHOWN_TIME_ZONE = ZoneInfo("Asia/Colombo")


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


@pytest.fixture
def message(customer: Customer) -> Message:
    number = BusinessNumber.objects.create(external_id="111")
    times = {"ordered_at": AT, "created_at": AT}
    given = {"direction": "inbound", "status": "received", "text": "So late"}
    return Message.objects.create(customer=customer, business_number=number, **given, **times)


def test_times_are_shown_with_their_zone(desk: Client, message: Message) -> None:
    for path in (MESSAGES, f"{MESSAGES}{message.pk}/change/"):
        page = desk.get(path).content.decode()

        assert "6 Mar 2026, 01:30 +0530" in page
        assert "Asia/Colombo, " in page


def test_days_begin_at_midnight_there(desk: Client, message: Message) -> None:
    day = {"ordered_at__year": 2026, "ordered_at__month": 3}

    assert "So late" in desk.get(MESSAGES, {**day, "ordered_at__day": 6}).content.decode()
    assert "So late" not in desk.get(MESSAGES, {**day, "ordered_at__day": 5}).content.decode()
    assert "6 March" in desk.get(MESSAGES, day).content.decode()


def test_the_api_stays_in_utc(desk: Client, as_admin: APIClient, message: Message, customer: Customer) -> None:
    desk.get(MESSAGES)

    body = as_admin.get(f"/api/messages/{message.pk}/").json()
    assert (body["ordered_at"], body["created_at"]) == ("2026-03-05T20:00:00Z", "2026-03-05T20:00:00Z")
    found = as_admin.get("/api/messages/", {"before_date": "2026-03-06"}).json()["results"]
    assert [row["id"] for row in found] == [message.pk]
    profile = as_admin.get(f"/api/customers/customers/{customer.pk}/").json()
    assert profile["date_joined"].endswith("Z")


def test_the_hours_of_the_front_page_are_those_of_the_zone(
    desk: Client, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: AT.replace(hour=21))

    page = desk.get("/admin/").content.decode()

    assert '<th scope="row">01:00</th><td>1</td><td>0</td>' in page
    assert front_page()["bars"].inbound == 1  # in UTC it is still the 5th
