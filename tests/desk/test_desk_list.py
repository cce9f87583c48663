"""GET /api/customers/ and /api/customers/{id}/: rows, rights, order."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from customers.models import Customer
from messaging.models import Message
from tags.actions.tags import ensure_system_tags
from tags.models import CustomerTag, Tag

Chat = Callable[..., Message]


def names(response: Any) -> list[str]:
    assert response.status_code == 200, response.data
    return [row["name"] for row in response.data["results"]]


def test_a_row_is_as_documented(as_owner: APIClient, customer: Customer, owner: User, chat: Chat) -> None:
    ensure_system_tags()
    vip = Tag.objects.create(name="VIP", created_by=owner)
    CustomerTag.objects.create(customer=customer, tag=vip)
    message = chat(customer, "x" * 300, unread=3)

    page = as_owner.get("/api/customers/").json()
    one = as_owner.get(f"/api/customers/{customer.pk}/").json()

    assert page["count"] == 1
    assert page["next"] is None
    assert page["previous"] is None
    [row] = page["results"]
    assert row == one
    assert [tag.pop("name") for tag in row["tags"]] == ["VIP", "Whatsapp"]
    assert [tag.pop("is_system") for tag in row["tags"]] == [False, True]
    assert [set(tag) for tag in row.pop("tags")] == [{"id", "created_by", "created_at"}] * 2
    assert row.pop("created_at").endswith("Z")
    assert row.pop("updated_at").endswith("Z")
    assert row == {
        "id": customer.pk,
        "customer_id": f"CUST{customer.pk:06d}",
        "name": "John Doe",
        "first_name": "John",
        "last_name": "Doe",
        "username": "johndoe",
        "email": "john@example.com",
        "phone": "+94771234567",
        "source": "whatsapp",
        "notes": "",
        "is_active": True,
        "is_verified": False,
        "is_vip": False,
        "loyalty_tier": "bronze",
        "owner": {"id": owner.pk, "name": "Sam", "is_active": True},
        "referral": {"first": None, "last": None},
        "blocked": False,
        "block_error": None,
        "unread_count": 3,
        "state": "open",
        "snoozed_until": None,
        "waiting_since": None,
        "last_message": {
            "id": message.pk,
            "direction": "inbound",
            "type": "text",
            "text": "x" * 200,
            "status": "received",
            "created_at": "2026-03-01T12:00:00Z",
        },
        "last_message_at": "2026-03-01T12:00:00Z",
        "window_expires_at": "2026-03-02T12:00:00Z",
        "avatar": None,
        "business_number": {"id": message.business_number_id, "name": "1"},
        "can_send": {"text": False, "template": True, "reason": "outside_service_window"},
        "marketing": {"whatsapp": None, "since": None},
        "last_seq": 0,
    }


def test_a_customer_who_never_wrote_has_an_empty_chat(as_admin: APIClient) -> None:
    silent = Customer.objects.create()

    row = as_admin.get(f"/api/customers/{silent.pk}/").json()

    assert row["name"] == row["customer_id"] == f"CUST{silent.pk:06d}"
    assert row["phone"] is None
    assert row["owner"] is None
    assert row["tags"] == []
    assert row["unread_count"] == 0
    assert row["last_message"] is row["last_message_at"] is row["window_expires_at"] is None
    assert row["state"] is row["snoozed_until"] is row["waiting_since"] is None


def test_newest_conversation_comes_first(as_admin: APIClient, chat: Chat) -> None:
    first, second, silent = (Customer.objects.create(first_name=name) for name in ("First", "Second", "Silent"))
    chat(first, at=datetime(2026, 3, 3, tzinfo=UTC))
    chat(second, at=datetime(2026, 3, 2, tzinfo=UTC))

    assert names(as_admin.get("/api/customers/")) == ["First", "Second", "Silent"]
    assert silent.pk


@pytest.mark.parametrize("client_fixture", ["as_stranger", "as_customer"])
def test_a_stranger_sees_nobody(client_fixture: str, customer: Customer, request: pytest.FixtureRequest) -> None:
    client = request.getfixturevalue(client_fixture)
    status = 403 if client_fixture == "as_customer" else 404

    assert client.get(f"/api/customers/{customer.pk}/").status_code == status
    listed = client.get("/api/customers/")
    assert listed.status_code == 403 if status == 403 else listed.json()["count"] == 0


def test_foreign_and_missing_look_the_same(as_stranger: APIClient, customer: Customer) -> None:
    foreign = as_stranger.get(f"/api/customers/{customer.pk}/")
    missing = as_stranger.get(f"/api/customers/{customer.pk + 999}/")

    assert (foreign.status_code, foreign.json()) == (missing.status_code, missing.json())


def test_the_anonymous_must_sign_in(anonymous: APIClient, customer: Customer) -> None:
    for path in ("/api/customers/", f"/api/customers/{customer.pk}/"):
        for method in ("get", "post", "put", "patch", "delete"):
            assert getattr(anonymous, method)(path).status_code == 401
    assert Customer.objects.count() == 1


@pytest.mark.parametrize("pk", [10**17, 10**30, 2**63, "9" * 5000])
def test_huge_ids_are_missing(as_admin: APIClient, pk: Any) -> None:
    for path in (f"/api/customers/{pk}/", f"/api/customers/{pk}/assignments/", f"/api/customers/{pk}/events/"):
        assert as_admin.get(path).status_code == 404
    for method in ("put", "patch", "delete"):
        assert getattr(as_admin, method)(f"/api/customers/{pk}/").status_code == 404


def test_the_number_of_queries_does_not_grow(as_admin: APIClient, owner: User, chat: Chat) -> None:
    tag = Tag.objects.create(name="VIP")

    def queries(pages: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert as_admin.get(f"/api/customers/{pages}").status_code == 200
        return len(captured)

    for count in range(10):
        customer = Customer.objects.create(first_name=f"C{count}", owner=owner, source="whatsapp")
        CustomerTag.objects.create(customer=customer, tag=tag)
        chat(customer)
        if count == 0:
            one_row = queries("")
    # Session with user, count, rows, tags.
    assert queries("") == one_row == 4


def test_pages(as_admin: APIClient) -> None:
    for count in range(25):
        Customer.objects.create(first_name=f"C{count}")

    first = as_admin.get("/api/customers/").json()
    second = as_admin.get("/api/customers/?page=2&page_size=20").json()

    assert (first["count"], len(first["results"]), len(second["results"])) == (25, 20, 5)
    assert len({row["id"] for row in first["results"] + second["results"]}) == 25
    assert as_admin.get("/api/customers/?page=3").status_code == 404
    assert as_admin.get("/api/customers/?page=" + "9" * 30).status_code == 404
    assert len(as_admin.get("/api/customers/?page_size=1000").json()["results"]) == 25
