"""The advertisement a customer came by: on the row, in the profile, in Django admin, as a filter and in the report."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from customers.actions.referrals import note_referral
from customers.ads import came_by, touched_in
from customers.models import Customer, Order
from messaging.models import BusinessNumber, Message

pytestmark = pytest.mark.django_db

REPORT = "/api/reports/ads/"
# All that Meta sends.
AD = {
    "source_url": "https://fb.me/abc",
    "source_id": "120208",
    "source_type": "ad",
    "headline": "Oak tables",
    "body": "Now 20 % off",
    "media_type": "image",
    "image_url": "https://example.com/table.jpg",
    "thumbnail_url": "https://example.com/small.jpg",
    "ctwa_clid": "Aff-1",
}
Tap = Callable[..., None]


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


@pytest.fixture
def other(stranger: User) -> Customer:
    """The stranger's customer."""
    return Customer.objects.create(first_name="Cleo", owner=stranger)


@pytest.fixture
def tap() -> Tap:
    """Somebody taps an advertisement and writes."""

    def touch(customer: Customer, source_id: str, when: datetime, **more: Any) -> None:
        touched = Customer.objects.get(pk=customer.pk)
        note_referral(customer=touched, referral={**AD, "source_id": source_id, **more}, at=when)

    return touch


def test_the_row_and_the_profile_show_the_first_and_the_latest(
    as_owner: APIClient, as_admin: APIClient, customer: Customer, tap: Tap
) -> None:
    row = as_owner.get(f"/api/customers/{customer.pk}/").json()
    assert row["referral"] == {"first": None, "last": None}
    tap(customer, "120208", at(1))
    tap(customer, "120999", at(2), headline="Oak benches")
    first = {**AD, "at": "2026-03-01T12:00:00Z"}
    last = {**AD, "source_id": "120999", "headline": "Oak benches", "at": "2026-03-02T12:00:00Z"}
    for path in ("", "customers/"):
        shown = as_owner.get(f"/api/customers/{path}{customer.pk}/").json()
        assert shown["referral"] == {"first": first, "last": last}
    [event] = as_owner.get(f"/api/customers/{customer.pk}/events/?after={customer.last_seq + 1}").json()["results"]
    assert event["type"] == "customer_updated"
    assert event["data"]["referral"] == {"first": first, "last": last}


def test_customers_do_not_see_it(as_customer: APIClient, customer: Customer, tap: Tap) -> None:
    tap(customer, "120208", at(1))
    assert "referral" not in as_customer.get("/api/customers/customers/me/").json()


def test_django_admin_shows_it(client: Client, admin: User, customer: Customer, tap: Tap) -> None:
    tap(customer, "120208", at(1))
    client.force_login(admin)
    page = client.get(f"/admin/customers/customer/{customer.pk}/change/").content.decode()
    assert "Oak tables · 120208 · https://fb.me/abc" in page


def found(client: APIClient, ad: str) -> list[int]:
    page = client.get("/api/customers/", {"ad": ad}).json()
    return sorted(row["id"] for row in page["results"])


def test_the_filter_finds_by_first_and_latest(
    as_admin: APIClient, as_owner: APIClient, customer: Customer, other: Customer, tap: Tap
) -> None:
    tap(customer, "A", at(1))
    tap(customer, "B", at(2))
    tap(other, "B", at(3))
    both = sorted([customer.pk, other.pk])
    assert (found(as_admin, "A"), found(as_admin, "B"), found(as_admin, "C")) == ([customer.pk], both, [])
    assert found(as_owner, "B") == [customer.pk]


def test_an_id_of_any_length_is_stored(as_admin: APIClient, customer: Customer, tap: Tap) -> None:
    tap(customer, "9" * 20_000, at(1))
    row = as_admin.get(f"/api/customers/{customer.pk}/").json()
    assert row["referral"]["first"]["source_id"] == "9" * 20_000


@pytest.mark.skipif(connection.vendor != "postgresql", reason="plans of PostgreSQL")
def test_the_filter_and_the_report_read_indexes() -> None:
    touches = [{"source_id": f"{number % 300}", "at": f"2026-03-01T12:00:{number % 60:02}Z"} for number in range(3_000)]
    Customer.objects.bulk_create(Customer(referral_first=touch, referral_last=touch) for touch in touches)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE customers_customer")
    plan = came_by(Customer.objects.order_by(), "7").explain()
    assert "customer_ad_first" in plan
    assert "customer_ad_last" in plan
    assert "customer_touched" in touched_in(Customer.objects.order_by(), at(2), at(3)).explain()


def report(client: APIClient, **asked: str) -> dict[str, dict[str, Any]]:
    answer = client.get(REPORT, asked)
    assert answer.status_code == 200, answer.content
    return {row["source_id"]: row for row in answer.json()["rows"]}


def write(customer: Customer, when: datetime, direction: str = "inbound", **more: Any) -> None:
    number, _ = BusinessNumber.objects.get_or_create(external_id="1")
    more = {"status": "read", "created_at": when, "ordered_at": when, **more}
    Message.objects.create(customer=customer, business_number=number, direction=direction, **more)


def order(customer: Customer, number: str, when: datetime, total: str, status: str = "delivered", **more: Any) -> None:
    Order.objects.create(customer=customer, number=number, total=Decimal(total), status=status, placed_at=when, **more)


def test_the_report_counts_what_they_did_since(
    as_admin: APIClient, customer: Customer, other: Customer, tap: Tap
) -> None:
    tap(customer, "A", at(5))
    tap(customer, "B", at(6))  # not their first
    tap(other, "B", at(7))
    for when in (at(4), at(5), at(6)):
        write(customer, when)
    write(customer, at(6), "outbound")
    write(customer, at(6), type="system")  # what WhatsApp says of them
    order(customer, "1", at(4), "100")
    order(customer, "2", at(5, 13), "20.50")
    order(customer, "3", at(8), "1000", currency="JPY", exchange_rate=Decimal("0.01"))
    order(customer, "4", at(8), "70", "cancelled")
    rows = report(as_admin)
    assert list(rows) == ["A", "B"]
    assert rows["A"] == {
        "source_id": "A",
        "source_type": "ad",
        "source_url": "https://fb.me/abc",
        "headline": "Oak tables",
        "customers": 1,
        "messages": 2,
        "orders": 2,
        "spent": "30.50",
    }
    assert (rows["B"]["customers"], rows["B"]["messages"], rows["B"]["orders"]) == (1, 0, 0)


def test_the_period_is_that_of_the_first_touch(as_admin: APIClient, customer: Customer, tap: Tap) -> None:
    tap(customer, "A", at(5, 23))
    inside = [
        {"from": "2026-03-05"},
        {"to": "2026-03-05"},
        {"from": "2026-03-05", "to": "2026-03-05"},
        {"from": "2026-03-05T23:00:00Z", "to": "2026-03-05T23:00:01Z"},
        {"from": "2026-03-06T00:30:00+01:30"},
    ]
    outside = [{"from": "2026-03-06"}, {"to": "2026-03-04"}, {"to": "2026-03-05T23:00:00Z"}]
    assert [list(report(as_admin, **asked)) for asked in inside] == [["A"]] * len(inside)
    assert [list(report(as_admin, **asked)) for asked in outside] == [[]] * len(outside)
    answer = as_admin.get(REPORT, {"from": "2026-03-05", "to": "2026-03-05"}).json()
    assert (answer["from"], answer["to"]) == ("2026-03-05T00:00:00Z", "2026-03-06T00:00:00Z")
    assert answer["currency"] == "USD"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"from": "soon"}, "from"),
        ({"to": "2026-02-30"}, "to"),
        ({"to": "9999-12-31"}, "to"),
        ({"from": "2026-03-05", "to": "2026-03-04"}, "to"),
    ],
)
def test_what_is_no_period_is_refused(as_admin: APIClient, asked: dict[str, str], field: str) -> None:
    answer = as_admin.get(REPORT, asked)
    assert answer.status_code == 400
    assert field in answer.json()


def test_merging_keeps_the_earliest_and_counts_once(
    as_admin: APIClient, customer: Customer, other: Customer, tap: Tap
) -> None:
    tap(customer, "A", at(5))
    tap(other, "B", at(3))
    write(customer, at(5))
    write(other, at(3))
    merged = as_admin.post(f"/api/customers/{customer.pk}/merge/", {"into": other.pk})
    assert merged.status_code == 200, merged.content
    rows = report(as_admin)
    assert list(rows) == ["B"]
    assert (rows["B"]["customers"], rows["B"]["messages"]) == (1, 2)
    assert found(as_admin, "A") == [other.pk]
    undone = as_admin.post(f"/api/customers/merges/{merged.json()['merge']}/undo/")
    assert undone.status_code == 200
    assert sorted(report(as_admin)) == ["A", "B"]
    assert found(as_admin, "A") == [customer.pk]
    as_admin.delete(f"/api/customers/{customer.pk}/")
    assert list(report(as_admin)) == ["B"]
