"""/api/assignments/ and /api/customers/{id}/assignments/: which salesperson has which customer, now and before."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from customers.actions.assignments import assign, end_assignment
from customers.models import Assignment, Customer, Event

ASSIGNMENTS = "/api/assignments/"


def post(client: APIClient, customer: Any, salesperson: Any, **more: Any) -> Any:
    body = {"customer": getattr(customer, "pk", customer), "salesperson": getattr(salesperson, "pk", salesperson)}
    return client.post(ASSIGNMENTS, {**body, **more})


@pytest.fixture
def assigned(customer: Customer, owner: User) -> Assignment:
    """`customer` with the open assignment of their owner."""
    return Assignment.objects.create(customer=customer, salesperson=owner)


def test_admin_assigns(
    as_admin: APIClient, admin: User, assigned: Assignment, customer: Customer, owner: User, stranger: User
) -> None:
    response = post(as_admin, customer, stranger, note="Speaks Tamil")

    assert response.status_code == 201, response.data
    given = dict(response.json())
    assert given.pop("assigned_at").endswith("Z")
    assert given == {
        "id": given["id"],
        "customer": customer.pk,
        "salesperson": {"id": stranger.pk, "name": "Stella"},
        "assigned_by": {"id": admin.pk, "name": "Ada"},
        "note": "Speaks Tamil",
        "ended_at": None,
        "is_active": True,
    }
    customer.refresh_from_db()
    assigned.refresh_from_db()
    assert customer.owner == stranger
    assert assigned.ended_at is not None
    event = Event.objects.get()
    assert (event.type, event.seq, event.actor) == ("assignment_changed", 1, admin)
    assert event.data == {**response.json(), "owner": {"id": stranger.pk, "name": "Stella", "is_active": True}}
    assert as_admin.get(f"{ASSIGNMENTS}{given['id']}/").json() == response.json()


def test_sales_hand_over_one_of_their_own(
    as_owner: APIClient, as_stranger: APIClient, customer: Customer, stranger: User
) -> None:
    assert post(as_owner, customer, stranger).status_code == 201

    for path in (f"/api/customers/{customer.pk}/", f"/api/customers/{customer.pk}/assignments/"):
        assert as_owner.get(path).status_code == 404
        assert as_stranger.get(path).status_code == 200
    assert as_owner.get(ASSIGNMENTS).json()["count"] == 0
    assert post(as_owner, customer, stranger).status_code == 400


def test_sales_take_nobody(as_stranger: APIClient, customer: Customer, stranger: User) -> None:
    foreign = post(as_stranger, customer, stranger)
    missing = post(as_stranger, 987654, stranger)

    assert foreign.status_code == missing.status_code == 400
    assert foreign.json() == {"customer": [f'Invalid pk "{customer.pk}" - object does not exist.']}
    assert missing.json() == {"customer": ['Invalid pk "987654" - object does not exist.']}
    assert not Assignment.objects.exists()
    assert not Event.objects.exists()


def test_the_same_owner_again_is_refused(
    as_admin: APIClient, assigned: Assignment, customer: Customer, owner: User
) -> None:
    response = post(as_admin, customer, owner)

    assert response.status_code == 400
    assert response.json() == {"salesperson": ["This customer is already assigned to Sam."]}
    assert Assignment.objects.get() == assigned
    assert not Event.objects.exists()


def test_only_active_sales_can_own(as_admin: APIClient, admin: User, customer: Customer, customer_login: User) -> None:
    idle = User.objects.create_user("idle", "idle@desk.example", role="sales", is_active=False)
    gone = User.objects.create_user("gone", "gone@desk.example", role="sales")
    User.objects.filter(pk=gone.pk).update(deleted_at="2026-01-01T00:00:00Z")

    for user in (admin, customer_login, idle, gone, 987654):
        response = post(as_admin, customer, user)
        assert response.status_code == 400
        assert list(response.json()) == ["salesperson"]
    assert not Assignment.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "customer"),
        ({"customer": None}, "customer"),
        ({"customer": 10**30}, "customer"),
        ({"customer": "x"}, "customer"),
        ({"customer": True}, "customer"),
        ({"customer": 1.5}, "customer"),
        ({"customer": [1]}, "customer"),
        ({"customer": {"id": 1}}, "customer"),
        ({"salesperson": None}, "salesperson"),
        ({"salesperson": 10**30}, "salesperson"),
        ({"salesperson": "stella"}, "salesperson"),
        ({"note": {"a": 1}}, "note"),
        ({"note": "x" * 2001}, "note"),
        ({"note": None}, "note"),
    ],
)
def test_bad_input_is_named(
    as_admin: APIClient, customer: Customer, stranger: User, body: dict[str, Any], field: str
) -> None:
    good = {"customer": customer.pk, "salesperson": stranger.pk} if body else {}

    response = as_admin.post(ASSIGNMENTS, {**good, **body})

    assert response.status_code == 400
    assert field in response.json()
    assert not Assignment.objects.exists()


def test_ending_leaves_nobody(
    as_owner: APIClient, as_admin: APIClient, assigned: Assignment, customer: Customer
) -> None:
    assert as_owner.delete(f"{ASSIGNMENTS}{assigned.pk}/").status_code == 204

    customer.refresh_from_db()
    assigned.refresh_from_db()
    assert customer.owner is None
    assert assigned.ended_at is not None
    event = Event.objects.get()
    assert event.type == "assignment_changed"
    assert (event.data["id"], event.data["is_active"], event.data["owner"]) == (assigned.pk, False, None)
    assert as_owner.delete(f"{ASSIGNMENTS}{assigned.pk}/").status_code == 404
    again = as_admin.delete(f"{ASSIGNMENTS}{assigned.pk}/")
    assert (again.status_code, again.json()) == (
        400,
        {"detail": "This assignment has already ended.", "code": "invalid"},
    )
    assert Event.objects.count() == 1


def test_an_old_assignment_does_not_end_the_new_one(
    as_admin: APIClient, assigned: Assignment, customer: Customer, stranger: User
) -> None:
    post(as_admin, customer, stranger)

    assert as_admin.delete(f"{ASSIGNMENTS}{assigned.pk}/").status_code == 400
    customer.refresh_from_db()
    assert customer.owner == stranger


def test_a_stranger_ends_nothing(as_stranger: APIClient, assigned: Assignment) -> None:
    assert as_stranger.delete(f"{ASSIGNMENTS}{assigned.pk}/").status_code == 404
    assert as_stranger.get(f"{ASSIGNMENTS}{assigned.pk}/").status_code == 404
    assigned.refresh_from_db()
    assert assigned.ended_at is None


@pytest.mark.parametrize(("client_fixture", "status"), [("as_customer", 403), ("anonymous", 401)])
def test_staff_only(
    client_fixture: str, status: int, assigned: Assignment, stranger: User, request: pytest.FixtureRequest
) -> None:
    client = request.getfixturevalue(client_fixture)
    one, history = f"{ASSIGNMENTS}{assigned.pk}/", f"/api/customers/{assigned.customer_id}/assignments/"

    assert post(client, assigned.customer_id, stranger).status_code == status
    for path in (ASSIGNMENTS, one, history):
        assert client.get(path).status_code == status
    assert client.delete(one).status_code == status
    assigned.refresh_from_db()
    assert assigned.ended_at is None


def test_history_is_newest_first(
    as_admin: APIClient, as_stranger: APIClient, customer: Customer, owner: User, stranger: User, admin: User
) -> None:
    for salesperson in (stranger, owner, stranger):
        assign(customer_id=customer.pk, salesperson=salesperson, actor=admin)

    page = as_admin.get(f"/api/customers/{customer.pk}/assignments/").json()

    assert page["count"] == 3
    assert [row["salesperson"]["name"] for row in page["results"]] == ["Stella", "Sam", "Stella"]
    assert [row["is_active"] for row in page["results"]] == [True, False, False]
    assert as_stranger.get(f"/api/customers/{customer.pk}/assignments/").json() == page


def test_filters(as_admin: APIClient, as_stranger: APIClient, customer: Customer, owner: User, stranger: User) -> None:
    other = Customer.objects.create(first_name="Other")
    assign(customer_id=other.pk, salesperson=owner, actor=None)
    assign(customer_id=other.pk, salesperson=stranger, actor=None)
    ended = assign(customer_id=customer.pk, salesperson=stranger, actor=None)
    end_assignment(assignment=ended, actor=stranger)

    def count(query: str, client: APIClient = as_admin) -> int:
        response = client.get(f"{ASSIGNMENTS}?{query}")
        assert response.status_code == 200, response.data
        return int(response.data["count"])

    assert count("") == 3
    assert count(f"customer={other.pk}") == 2
    assert count(f"salesperson={stranger.pk}") == 2
    assert count(f"salesperson={stranger.pk}&is_active=true") == 1
    assert count("is_active=false") == 2
    assert count("customer=987654") == 0
    assert count("", as_stranger) == 2
    for query in ("customer=x", f"customer={10**30}", "salesperson=0", "is_active=perhaps"):
        assert as_admin.get(f"{ASSIGNMENTS}?{query}").status_code == 400


def test_the_number_of_queries_does_not_grow(
    as_admin: APIClient, owner: User, admin: User, django_assert_num_queries: Any
) -> None:
    for count in range(10):
        made = Customer.objects.create(first_name=f"C{count}")
        assign(customer_id=made.pk, salesperson=owner, actor=admin)
        if count in (0, 9):
            with django_assert_num_queries(3):  # session with user, count, rows with people
                as_admin.get(ASSIGNMENTS)
