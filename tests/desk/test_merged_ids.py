"""The id of a customer who became part of another one: 410 everywhere for who may see the survivor, else 404."""

from typing import Any

import pytest
from django.db import transaction
from rest_framework.test import APIClient

from accounts.models import User
from customers.actions.merge import merge_customers
from customers.models import Customer, Event
from tests.permission_matrix import MATRIX

# Everything that names a customer in its path.
PATHS = sorted(row for row in MATRIX if "{customer}" in row)


@pytest.fixture
def old(things: dict[str, int], customer: Customer, owner: User) -> dict[str, int]:
    """One of everything, with the id of a customer of `owner`'s who became part of `customer`, in two steps."""
    first, second = (Customer.objects.create(first_name="Johnny", owner=owner) for _ in range(2))
    merge_customers(gone_id=first.pk, into_id=second.pk, actor=owner)
    merge_customers(gone_id=second.pk, into_id=customer.pk, actor=owner)
    return {**things, "customer": first.pk}


def ask(client: APIClient, row: str, ids: dict[str, int], body: bytes = b"{}") -> Any:
    method, path = row.format(**ids).split()
    return client.generic(method, path, body if method != "GET" else b"", content_type="application/json")


def said(into: int, row: str) -> dict[str, Any]:
    text = f"This customer was merged into CUST{into:06}."
    if "/v1/msg/" in row:
        return {"error": text, "code": "merged", "into": into}
    if row.endswith("/contacts/"):
        return {"success": False, "message": text, "errors": {"code": "merged", "into": into}}
    return {"detail": text, "code": "merged", "into": into}


@pytest.mark.parametrize("row", PATHS)
def test_every_path(
    row: str,
    old: dict[str, int],
    customer: Customer,
    as_admin: APIClient,
    as_owner: APIClient,
    as_stranger: APIClient,
) -> None:
    events = Event.objects.count()
    # Bodies are checked first where they are: a good one gets the same answer.
    bodies = {"loyalty_points": b'{"points": 1, "reason": "x"}', "orders": ORDER, "wishlist": WISH, "reviews": REVIEW}
    body = next((body for word, body in bodies.items() if word in row), b"{}")
    answers = {}
    for name, client in (("admin", as_admin), ("owner", as_owner), ("stranger", as_stranger)):
        with transaction.atomic():
            answers[name] = ask(client, row, old, body)
            transaction.set_rollback(True)

    assert (answers["admin"].status_code, answers["admin"].json()) == (410, said(customer.pk, row))
    role = MATRIX[row].split()
    if role[2] == "403":
        assert answers["owner"].status_code == 403
    else:
        assert (answers["owner"].status_code, answers["owner"].json()) == (410, said(customer.pk, row))
    # To somebody else it looks as if there had never been such a customer.
    missing = ask(as_stranger, row, {**old, "customer": 99_999_999}, body)
    assert (answers["stranger"].status_code, answers["stranger"].content) == (missing.status_code, missing.content)
    assert missing.status_code in (403, 404)
    assert Event.objects.count() == events


ORDER = b'{"number": "N", "status": "pending", "total": "1", "placed_at": "2026-01-01T00:00:00Z"}'
WISH = b'{"product_id": "p2", "name": "A table"}'
REVIEW = b'{"product_id": "p2", "rating": 5}'


def test_people_themselves(old: dict[str, int], customer: Customer, as_customer: APIClient) -> None:
    answer = as_customer.get(f"/api/customers/customers/{old['customer']}/")

    assert (answer.status_code, answer.json()["into"]) == (410, customer.pk)
    answer = as_customer.get(f"/api/customers/{old['customer']}/contacts/")
    assert (answer.status_code, answer.json()["errors"]["into"]) == (410, customer.pk)


BODIES: dict[str, dict[str, Any]] = {
    "/api/messages/": {"text": "hi"},
    "/api/assignments/": {},
    "/api/message/customer-data/": {"key": "size", "value": "42"},
    "/api/contacts/": {"email": "x@example.com", "wa_number": "+94771112222", "tp_number": "+94112223333"},
    "/api/customers/addresses/": {"address_type": "billing", "address_line1": "1", "city": "Galle", "country": "LK"},
}


@pytest.mark.parametrize("path", BODIES)
def test_in_a_body(
    path: str, old: dict[str, int], customer: Customer, as_admin: APIClient, as_stranger: APIClient, stranger: User
) -> None:
    body = {**BODIES[path], "customer": old["customer"]}
    if "assignments" in path:
        body["salesperson"] = stranger.pk

    answer = as_admin.post(path, body)

    assert (answer.status_code, answer.json()) == (
        410,
        said(customer.pk, f"POST {path}".replace("api/contacts", "/contacts")),
    )
    if "addresses" not in path:
        answer = as_stranger.post(path, body)
        missing = as_stranger.post(path, {**body, "customer": 99_999_999})
        assert answer.status_code == missing.status_code == 400
        assert answer.json().keys() == missing.json().keys()


def test_in_the_body_of_a_merge(old: dict[str, int], customer: Customer, as_admin: APIClient) -> None:
    other = Customer.objects.create(first_name="Other")

    answer = as_admin.post(f"/api/customers/{other.pk}/merge/", {"into": old["customer"]})

    assert (answer.status_code, answer.json()["into"]) == (410, customer.pk)
    assert Customer.objects.filter(pk=other.pk).exists()


def test_lists_leave_them_out(old: dict[str, int], customer: Customer, as_admin: APIClient) -> None:
    ids = {row["id"] for row in as_admin.get("/api/customers/").json()["results"]}

    assert customer.pk in ids
    assert old["customer"] not in ids
    assert as_admin.get("/api/customers/?search=Johnny").json()["count"] == 0
    assert old["customer"] not in {row["id"] for row in as_admin.get("/api/customers/customers/").json()["results"]}
    listed = as_admin.get("/api/customers-with-contacts/")
    assert f'"id": {old["customer"]},'.encode() not in b"".join(listed.streaming_content)
    assert as_admin.get("/api/customers/customers/analytics/").json()["total_customers"] == Customer.objects.count()
