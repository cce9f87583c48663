"""POST, PUT, PATCH and DELETE of /api/customers/."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Session, User
from customers.models import Assignment, Customer, Event
from tags.actions.tags import ensure_system_tags

CUSTOMERS = "/api/customers/"


def url(customer: Customer) -> str:
    return f"{CUSTOMERS}{customer.pk}/"


def state(customer: Customer) -> dict[str, Any]:
    """Everything stored of a customer."""
    found = Customer.objects.filter(pk=customer.pk).values().first()
    assert found is not None
    return found


def test_admin_creates(as_admin: APIClient, owner: User) -> None:
    ensure_system_tags()
    response = as_admin.post(
        CUSTOMERS,
        {
            "name": "  Jane   van Dyk ",
            "email": "jane@example.com",
            "phone": "077 123-4567",
            "source": "instagram",
            "notes": "Likes tea",
            "is_vip": True,
            "loyalty_tier": "gold",
            "owner": owner.pk,
        },
    )

    assert response.status_code == 201, response.data
    row = response.json()
    assert (row["first_name"], row["last_name"], row["name"]) == ("Jane", "van Dyk", "Jane van Dyk")
    assert row["phone"] == "+94771234567"
    assert (row["source"], row["notes"], row["is_vip"], row["loyalty_tier"]) == ("instagram", "Likes tea", True, "gold")
    assert row["owner"] == {"id": owner.pk, "name": "Sam", "is_active": True}
    assert [tag["name"] for tag in row["tags"]] == ["Instagram"]
    assert row == as_admin.get(f"{CUSTOMERS}{row['id']}/").json()
    assignment = Assignment.objects.get()
    assert (assignment.customer_id, assignment.salesperson, assignment.ended_at) == (row["id"], owner, None)
    event = Event.objects.get()
    assert (event.seq, event.type) == (1, "customer_updated")
    chat = {"tags", "unread_count", "last_message", "last_message_at", "window_expires_at", "business_number"}
    unrecorded = chat | {"avatar", "can_send", "last_seq", "marketing", "state", "snoozed_until", "waiting_since"}
    assert event.data == {key: value for key, value in row.items() if key not in unrecorded}


def test_sales_own_whom_they_create(as_owner: APIClient, owner: User, as_stranger: APIClient) -> None:
    response = as_owner.post(CUSTOMERS, {"first_name": "Jane", "phone": "0771234567"})

    assert response.status_code == 201
    assert response.json()["owner"] == {"id": owner.pk, "name": "Sam", "is_active": True}
    assert response.json()["source"] == "manual"
    assert Assignment.objects.get().salesperson == owner
    assert as_stranger.get(f"{CUSTOMERS}{response.json()['id']}/").status_code == 404


def test_a_form_sets_no_flags_it_does_not_send(as_admin: APIClient) -> None:
    response = as_admin.post(CUSTOMERS, {"name": "Jane"}, format="multipart")

    assert response.status_code == 201
    assert response.json()["is_active"] is True


@pytest.mark.parametrize(
    "extra", [{"is_vip": True}, {"is_verified": True}, {"loyalty_tier": "gold"}, {"is_active": False}]
)
def test_sales_set_no_flags_of_a_new_customer(as_owner: APIClient, extra: dict[str, Any]) -> None:
    response = as_owner.post(CUSTOMERS, {"name": "Jane", **extra})

    assert response.status_code == 403
    assert next(iter(extra)) in response.json()["detail"]
    assert not Customer.objects.exists()


def test_sales_create_customers_for_themselves_only(as_owner: APIClient, stranger: User) -> None:
    assert as_owner.post(CUSTOMERS, {"name": "Jane", "owner": stranger.pk}).status_code == 403
    assert not Customer.objects.exists()


BAD = [
    ({}, "non_field_errors"),
    ({"notes": "who?"}, "non_field_errors"),
    ({"name": ""}, "non_field_errors"),
    ({"name": "x" * 302}, "name"),
    ({"name": "x" * 151}, "name"),
    ({"name": ["Jane"]}, "name"),
    ({"name": "Jane", "first_name": "x" * 151}, "first_name"),
    ({"name": "Jane", "last_name": {"a": 1}}, "last_name"),
    ({"name": "Jane", "username": "x" * 151}, "username"),
    ({"name": "Jane", "email": "jane"}, "email"),
    ({"name": "Jane", "email": "j" * 250 + "@example.com"}, "email"),
    ({"name": "Jane", "phone": "12"}, "phone"),
    ({"name": "Jane", "phone": "phone"}, "phone"),
    ({"name": "Jane", "phone": "+" + "1" * 16}, "phone"),
    ({"name": "Jane", "phone": "1" * 41}, "phone"),
    ({"name": "Jane", "phone": "٠٧٧١٢٣٤٥٦٧"}, "phone"),
    ({"name": "Jane", "phone": ["0771234567"]}, "phone"),
    ({"name": "Jane", "source": "pigeon"}, "source"),
    ({"name": "Jane", "source": None}, "source"),
    ({"name": "Jane", "notes": {}}, "notes"),
    ({"name": "Jane", "notes": "x" * 20_001}, "notes"),
    ({"name": "Jane", "is_vip": "perhaps"}, "is_vip"),
    ({"name": "Jane", "is_active": None}, "is_active"),
    ({"name": "Jane", "loyalty_tier": "iron"}, "loyalty_tier"),
    ({"name": "Jane", "owner": 987654}, "owner"),
    ({"name": "Jane", "owner": 10**30}, "owner"),
    ({"name": "Jane", "owner": -1}, "owner"),
    ({"name": "Jane", "owner": True}, "owner"),
    ({"name": "Jane", "owner": 1.5}, "owner"),
    ({"name": "Jane", "owner": "sam"}, "owner"),
    ({"name": "Jane", "owner": {"name": "Sam"}}, "owner"),
    ({"name": "Jane", "owner": [1]}, "owner"),
]


@pytest.mark.parametrize(("body", "field"), BAD)
def test_bad_input_is_named(as_admin: APIClient, customer: Customer, body: dict[str, Any], field: str) -> None:
    before = state(customer)

    created = as_admin.post(CUSTOMERS, body)
    changed = as_admin.put(url(customer), body)

    assert created.status_code == 400
    assert list(created.json()) == [field]
    if field != "non_field_errors":
        assert changed.status_code == 400
        assert list(changed.json()) == [field]
        assert state(customer) == before
    assert Customer.objects.count() == 1
    assert not Event.objects.filter(customer=customer, seq__gt=0).exclude(type="customer_updated").exists()


@pytest.mark.parametrize(
    "body", ["[]", '"Jane"', "5", "null", "{", '{"name": "a\\u0000b"}', '{"name": "\\ud800"}', "NaN"]
)
def test_a_body_that_is_not_an_object_is_refused(as_admin: APIClient, customer: Customer, body: str) -> None:
    before = state(customer)
    for method, path in (("post", CUSTOMERS), ("put", url(customer)), ("patch", url(customer))):
        response = getattr(as_admin, method)(path, body, content_type="application/json")
        assert response.status_code == 400, (method, body)
    assert Customer.objects.count() == 1
    assert state(customer) == before


def test_the_text_says_which_phones_are_taken(as_admin: APIClient) -> None:
    response = as_admin.post(CUSTOMERS, {"name": "Jane", "phone": "12"})

    assert response.json() == {"phone": ["Enter a phone number like '+94771234567' or '0771234567'."]}


def test_a_taken_phone_is_refused_and_does_not_say_whose(as_stranger: APIClient, customer: Customer) -> None:
    mine = as_stranger.post(CUSTOMERS, {"name": "Jane"}).json()

    response = as_stranger.post(CUSTOMERS, {"name": "Jane", "phone": "0771234567"})

    assert response.status_code == 400
    assert response.json() == {"phone": ["A customer with this phone number already exists."]}
    assert Customer.objects.count() == 2
    assert mine["phone"] is None


def test_many_customers_can_have_no_phone(as_admin: APIClient) -> None:
    for phone in ("", None, "  "):
        assert as_admin.post(CUSTOMERS, {"name": "Jane", "phone": phone}).json()["phone"] is None


def test_admin_changes_everything(as_admin: APIClient, customer: Customer, stranger: User, owner: User) -> None:
    changes = {
        "first_name": "Jack",
        "last_name": "Daw",
        "username": "jack",
        "email": "jack@example.com",
        "phone": "+94770000001",
        "source": "telegram",
        "notes": "Moved",
        "is_active": False,
        "is_verified": True,
        "is_vip": True,
        "loyalty_tier": "platinum",
    }
    response = as_admin.put(url(customer), {**changes, "owner": stranger.pk, "id": 5, "unread_count": 9, "tags": []})

    assert response.status_code == 200, response.data
    row = response.json()
    assert {field: row[field] for field in changes} == changes
    assert row["owner"] == {"id": stranger.pk, "name": "Stella", "is_active": True}
    assert (row["id"], row["unread_count"]) == (customer.pk, 0)
    handed, updated, tagged = Event.objects.order_by("seq")
    assert (handed.seq, handed.type) == (1, "assignment_changed")
    assert (updated.seq, updated.type) == (2, "customer_updated")
    assert (tagged.seq, tagged.type) == (3, "tags_changed")
    assert updated.data["owner"] == handed.data["owner"] == {"id": stranger.pk, "name": "Stella", "is_active": True}
    assert as_admin.put(url(customer), {"owner": None}).json()["owner"] is None


def test_a_row_sent_back_changes_nothing(as_owner: APIClient, as_admin: APIClient, customer: Customer) -> None:
    before = state(customer)
    row = as_owner.get(url(customer)).json()
    for client in (as_owner, as_admin):
        response = client.put(url(customer), row)
        assert response.status_code == 200, response.data
        assert response.json() == row
    assert as_owner.put(url(customer), {"phone": "077 123 4567", "owner": str(customer.owner_id)}).status_code == 200

    assert state(customer) == before
    assert not Event.objects.exists()
    assert not Assignment.objects.exists()


def test_a_row_sent_back_with_another_name_changes_the_name(as_owner: APIClient, customer: Customer) -> None:
    row = as_owner.get(f"/api/customers/{customer.pk}/").json()
    answer = as_owner.put(f"/api/customers/{customer.pk}/", {**row, "name": "Jane van der Berg"})
    assert answer.status_code == 200
    assert [answer.json()[field] for field in ("name", "first_name", "last_name")] == [
        "Jane van der Berg",
        "Jane",
        "van der Berg",
    ]
    row = answer.json()
    answer = as_owner.put(f"/api/customers/{customer.pk}/", {**row, "last_name": "Berg"})
    assert answer.json()["name"] == "Jane Berg"


def test_sales_change_name_and_notes(as_owner: APIClient, customer: Customer, owner: User) -> None:
    row = as_owner.get(url(customer)).json()

    response = as_owner.put(url(customer), {**row, "first_name": "Jon", "notes": " Calls back\n"})

    assert response.status_code == 200
    assert (response.json()["name"], response.json()["notes"]) == ("Jon Doe", " Calls back\n")
    event = Event.objects.get()
    assert (event.type, event.actor, event.data["name"]) == ("customer_updated", owner, "Jon Doe")
    assert as_owner.patch(url(customer), {"name": "Jonathan"}).json()["last_name"] == ""


@pytest.mark.parametrize(
    "change",
    [
        {"phone": "0770000000"},
        {"phone": None},
        {"email": "new@example.com"},
        {"username": "new"},
        {"source": "telegram"},
        {"is_active": False},
        {"is_verified": True},
        {"is_vip": True},
        {"loyalty_tier": "gold"},
        {"owner": None},
    ],
)
@pytest.mark.parametrize("method", ["put", "patch"])
def test_sales_change_nothing_else(
    as_owner: APIClient, customer: Customer, method: str, change: dict[str, Any]
) -> None:
    before = state(customer)

    response = getattr(as_owner, method)(url(customer), {"name": "Jon", **change})

    assert response.status_code == 403
    assert response.json()["detail"] == f"Only an admin may set: {next(iter(change))}."
    assert state(customer) == before
    assert not Event.objects.exists()


def test_sales_hand_over_by_assignment_only(as_owner: APIClient, customer: Customer, stranger: User) -> None:
    assert as_owner.put(url(customer), {"owner": stranger.pk}).status_code == 403
    assert state(customer)["owner_id"] != stranger.pk


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_stranger_changes_nothing(as_stranger: APIClient, customer: Customer, method: str) -> None:
    before = state(customer)

    response = getattr(as_stranger, method)(url(customer), {"notes": "mine"})

    assert response.status_code == (403 if method == "delete" else 404)
    assert state(customer) == before


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_customers_have_no_desk(as_customer: APIClient, customer: Customer, method: str) -> None:
    before = state(customer)

    assert getattr(as_customer, method)(url(customer), {"notes": "mine"}).status_code == 403
    assert as_customer.post(CUSTOMERS, {"name": "Jane"}).status_code == 403
    assert state(customer) == before
    assert Customer.objects.count() == 1


def test_a_customer_without_a_name_stays_without(as_admin: APIClient) -> None:
    row = as_admin.post(CUSTOMERS, {"phone": "0771234567"}).json()

    sent_back = as_admin.put(f"{CUSTOMERS}{row['id']}/", {"name": row["name"], "notes": "x"}).json()

    assert row["name"] == sent_back["name"] == "+94771234567"
    assert sent_back["first_name"] == ""


def test_a_new_phone_is_not_verified(as_admin: APIClient, customer: Customer) -> None:
    Customer.objects.update(phone_verified=True)
    as_admin.patch(url(customer), {"phone": "0771234567", "notes": "same phone"})
    assert state(customer)["phone_verified"] is True

    as_admin.patch(url(customer), {"phone": "0771234568"})
    assert state(customer)["phone_verified"] is False


class TestRegistered:
    """Customers with a login: names and email are the login's too."""

    def test_the_login_follows(
        self, as_owner: APIClient, as_admin: APIClient, customer: Customer, customer_login: User
    ) -> None:
        Customer.objects.update(is_verified=True)
        as_owner.put(url(customer), {"name": "Jon Dough"})
        customer_login.refresh_from_db()
        assert (customer_login.first_name, customer_login.last_name) == ("Jon", "Dough")
        assert state(customer)["is_verified"] is True

        as_admin.put(url(customer), {"email": "jon@example.com"})
        customer_login.refresh_from_db()
        assert customer_login.email == "jon@example.com"
        assert state(customer)["is_verified"] is False

    @pytest.mark.parametrize(
        ("change", "field"),
        [({"email": "SAM@desk.example"}, "email"), ({"email": ""}, "email"), ({"username": "jon"}, "username")],
    )
    def test_a_login_keeps_a_username_and_an_email(
        self, as_admin: APIClient, customer: Customer, customer_login: User, change: dict[str, str], field: str
    ) -> None:
        before = state(customer)

        response = as_admin.put(url(customer), {"name": "Jon", **change})

        assert response.status_code == 400
        assert list(response.json()) == [field]
        assert state(customer) == before
        customer_login.refresh_from_db()
        assert (customer_login.first_name, customer_login.email) == ("John", "john@example.com")
        assert not Event.objects.exists()

    def test_a_deactivated_customer_is_signed_out(
        self, as_admin: APIClient, as_customer: APIClient, customer: Customer
    ) -> None:
        as_admin.patch(url(customer), {"is_active": False})
        assert as_customer.get("/api/auth/me/").status_code == 401

        as_admin.patch(url(customer), {"is_active": True})
        assert as_customer.get("/api/auth/me/").status_code == 401

    def test_erased_with_their_login(self, as_admin: APIClient, as_customer: APIClient, customer: Customer) -> None:
        assert as_admin.delete(url(customer)).status_code == 204

        assert as_customer.get("/api/auth/me/").status_code == 401
        assert not User.objects.filter(role="customer").exists()
        assert Session.objects.count() == 1


def test_nothing_is_asked_between_the_commit_and_the_answer(as_admin: APIClient) -> None:
    """A database that goes away just then would be answered with "nothing was changed"."""
    tag = next(tag for tag in ensure_system_tags() if tag.source == "telegram")
    with CaptureQueriesContext(connection) as asked:
        answer = as_admin.post("/api/customers/", {"first_name": "Bo", "source": "telegram"}, format="json")
    assert (answer.status_code, [one["id"] for one in answer.json()["tags"]]) == (201, [tag.pk])
    tables = [re.search('(?:INTO|FROM|UPDATE) "?([a-z_]+)', one["sql"]) for one in asked]
    names = [table[1] for table in tables if table]
    assert "tags_tag" in names
    assert names.index("tags_tag") < names.index("customers_customer")
