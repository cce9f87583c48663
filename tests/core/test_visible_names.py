"""Whatever people read as a name has something to see, wherever it can be given."""

import json
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from accounts.models import User
from core.names import is_seen
from customers.models import Customer

# A zero width space, fillers that count as letters and as a symbol, a mark without a letter, an emoji's selector.
UNSEEN = ["\u200b", "\u3164\u3164", "\u2800", "\u202e\u2060", "\u0301", "\ufe0f", "\u2065", "\U000e0001"]
SEEN = ["\U0001fae8", "\u0d9a\u0dca\u200d\u0dbb", "-", "\uf8ff", "\u200fשם", "e\u0301"]
NOTHING_TO_SEE = "Give at least one visible character."
# Django's, for what is no letter and no digit.
_NO_USERNAME = "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."
CONTROL = "Line breaks and other control characters are not allowed here."

_ADDRESS = {"address_type": "billing", "address_line1": "1 Main St", "city": "Kandy", "country": "LK"}
_ORDER = {"status": "pending", "total": "1", "currency": "USD", "placed_at": "2026-01-01T00:00:00Z"}
_LOGIN = {"email": "n@desk.example", "role": "sales", "password": "Oak-table-77"}
_REGISTERING = {
    "username": "nimali",
    "email": "n@desk.example",
    "password": "Oak-table-77",
    "password2": "Oak-table-77",
}
# Where names are given: the body beside them, and the fields.
GIVEN: dict[str, tuple[dict[str, Any], str]] = {
    "POST /api/teams/": ({}, "name"),
    "PATCH /api/teams/{team}/": ({}, "name"),
    "POST /api/users/": ({"username": "nimali", **_LOGIN}, "username first_name last_name"),
    "PATCH /api/users/{user}/": ({}, "username first_name last_name"),
    "POST /api/customers/": ({"email": "n@shop.example"}, "name first_name last_name username"),
    "PATCH /api/customers/{customer}/": ({}, "name first_name last_name"),
    "PATCH /api/customers/customers/{customer}/": ({}, "first_name last_name"),
    "POST /api/customers/register/": (_REGISTERING, "username first_name last_name"),
    "POST /api/customers/groups/": ({}, "name"),
    "PATCH /api/customers/groups/{group}/": ({}, "name"),
    "POST /api/customers/addresses/": (_ADDRESS, "first_name last_name company city state country"),
    "PATCH /api/customers/addresses/{address}/": ({}, "first_name last_name company city state country"),
    "POST /api/customers/customers/{customer}/orders/": (_ORDER, "number"),
    "POST /api/customers/customers/{customer}/wishlist/": ({"product_id": "p2", "name": "Oak"}, "product_id name"),
    "POST /api/customers/customers/{customer}/reviews/": ({"product_id": "p2", "rating": 5}, "product_id"),
    "POST /api/message/customer-data/": ({"value": "180 cm"}, "key"),
    "PATCH /api/message/customer-data/{data}/": ({}, "key"),
}


def stored() -> list[Any]:
    """Every row of the apps whose names are given."""
    labels = ("accounts", "customers", "customer_data", "tags")
    models = [model for label in labels for model in apps.get_app_config(label).get_models()]
    return [list(model._base_manager.order_by("pk").values()) for model in models]  # type: ignore[attr-defined]


@pytest.mark.parametrize("at", GIVEN)
def test_names_that_nobody_can_read(at: str, things: dict[str, int], as_admin: Any, as_owner: Any) -> None:
    method, path = at.format(**things).split()
    beside, fields = GIVEN[at]
    # Customer data is its author's.
    client = as_owner if "customer-data" in path else as_admin
    body = {**beside, "customer": things["customer"]} if "addresses" in path or "customer-data" in path else beside
    before = stored()

    for field in fields.split():
        for name, text in [*((name, NOTHING_TO_SEE) for name in UNSEEN), ("North\nWest", CONTROL), ("\x07", CONTROL)]:
            answer = client.generic(method, path, json.dumps({**body, field: name}), content_type="application/json")
            assert answer.status_code == 400, (field, ascii(name), answer.content)
            said = answer.json()[field]
            assert text in said or _NO_USERNAME in said, (ascii(name), said)
    assert stored() == before


@pytest.mark.parametrize("name", SEEN)
def test_names_that_can_be_read(as_admin: Any, name: str) -> None:
    assert is_seen(name)
    for path in ("/api/teams/", "/api/customers/groups/", "/api/v1/msg/tags/"):
        answer = as_admin.post(path, {"name": name})
        assert (answer.status_code, answer.json()["name"]) == (201, name)


@pytest.mark.parametrize("name", UNSEEN)
def test_tags(as_owner: Any, name: str) -> None:
    assert as_owner.post("/api/v1/msg/tags/", {"name": name}).json() == {"error": f"name: {NOTHING_TO_SEE}"}
    assert as_owner.post("/api/v1/msg/tags/", {"names": ["VIP", name]}).status_code == 400


def test_a_name_that_is_there_can_be_sent_back(as_admin: Any, customer: Customer) -> None:
    Customer.objects.filter(pk=customer.pk).update(first_name="\u3164", last_name="a\x07")
    path = f"/api/customers/{customer.pk}/"
    row = as_admin.get(path).json()

    answer = as_admin.patch(path, {**row, "notes": "Asks for oak."})

    assert (answer.status_code, answer.json()["notes"]) == (200, "Asks for oak.")
    assert as_admin.patch(path, {"first_name": ""}).json()["first_name"] == ""


@pytest.mark.parametrize("page", ["accounts/team", "accounts/user", "customers/customergroup", "tags/tag"])
def test_django_admin(client: Client, admin: User, page: str) -> None:
    client.force_login(admin)
    assert client.get(f"/admin/{page}/add/").status_code == 200
    before = stored()
    for name, text in (("\u200b", NOTHING_TO_SEE), ("\u3164", NOTHING_TO_SEE), ("a\x07", CONTROL)):
        fields = {"name": name, "username": name, "first_name": name, "email": "n@desk.example", "role": "sales"}
        rest = {"new_password": "Oak-table-77", "assignment_rules": "{}", "discount_percentage": "0"}
        answer = client.post(f"/admin/{page}/add/", {**fields, **rest})
        assert answer.status_code == 200
        assert text in answer.content.decode()
    assert stored() == before
