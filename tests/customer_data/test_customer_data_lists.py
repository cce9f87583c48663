"""Who sees which entries, and in what order."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from customer_data.models import CustomerData
from customers.models import Customer
from tests.customer_data.uploads import DATA, Upload


def keys(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [row["key"] for row in response.json()]


@pytest.fixture
def other(owner: User) -> Customer:
    return Customer.objects.create(first_name="Jane", owner=owner)


@pytest.fixture
def entries(as_owner: APIClient, customer: Customer, other: Customer) -> list[int]:
    rows = [(customer, "alpha", "100% wool"), (customer, "beta", "under_score"), (other, "alpha", "Plain Text")]
    bodies = [{"customer": whose.pk, "key": key, "value": value} for whose, key, value in rows]
    return [as_owner.post(DATA, body).json()["id"] for body in bodies]


def test_newest_first_unless_said_otherwise(as_owner: APIClient, entries: list[int]) -> None:
    assert [row["id"] for row in as_owner.get(DATA).json()] == entries[::-1]
    for ordering, expected in {
        "created_at": entries,
        "-created_at": entries[::-1],
        "key": [entries[2], entries[0], entries[1]],
        "-key": [entries[1], entries[2], entries[0]],
    }.items():
        assert [row["id"] for row in as_owner.get(DATA, {"ordering": ordering}).json()] == expected


def test_filters(as_owner: APIClient, entries: list[int], customer: Customer) -> None:
    assert keys(as_owner.get(DATA, {"customer": customer.pk})) == ["beta", "alpha"]
    assert keys(as_owner.get(DATA, {"key": "alpha"})) == ["alpha", "alpha"]
    assert keys(as_owner.get(DATA, {"key": "ALPHA"})) == []
    assert keys(as_owner.get(DATA, {"customer": 999_999})) == []


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("wool", 1),
        ("BETA", 1),
        ("plain text", 1),
        ("alpha plain", 1),
        ("%", 1),
        ("_", 1),
        ("r_s", 1),
        ("l_h", 0),
        ("\\", 0),
    ],
)
def test_search_takes_wildcards_literally(as_owner: APIClient, entries: list[int], search: str, expected: int) -> None:
    assert len(keys(as_owner.get(DATA, {"search": search}))) == expected


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"customer": "x"}, "Enter a whole number."),
        ({"customer": "0"}, "Ensure this value is greater than or equal to 1."),
        ({"customer": str(10**30)}, f"Ensure this value is less than or equal to {2**63 - 1}."),
        ({"ordering": "value"}, "Cannot order by value. Choose from: key, created_at."),
        ({"ordering": "key,-id"}, "Cannot order by -id. Choose from: key, created_at."),
    ],
)
def test_bad_filters_are_refused(as_owner: APIClient, query: dict[str, str], text: str) -> None:
    response = as_owner.get(DATA, query)
    assert response.status_code == 400
    assert response.json() == {field: [text] for field in query}


def test_the_entries_of_one_customer(
    as_owner: APIClient, entries: list[int], customer: Customer, other: Customer
) -> None:
    path = f"/api/message/customer/{customer.pk}/data/"
    assert keys(as_owner.get(path)) == ["beta", "alpha"]
    assert keys(as_owner.get(path, {"ordering": "key"})) == ["alpha", "beta"]
    assert keys(as_owner.get(path, {"search": "wool"})) == ["alpha"]
    assert as_owner.get(path, {"ordering": "nonsense"}).status_code == 400
    assert as_owner.get(path).json()[1] == as_owner.get(f"{DATA}{entries[0]}/").json()


def test_entries_are_their_users_own(as_admin: APIClient, as_owner: APIClient, upload: Upload) -> None:
    row = upload()
    assert keys(as_admin.get(DATA)) == []
    assert keys(as_admin.get(f"/api/message/customer/{row['customer']}/data/")) == []
    for response in (
        as_admin.get(f"{DATA}{row['id']}/"),
        as_admin.put(f"{DATA}{row['id']}/", {"value": "x"}),
        as_admin.delete(f"{DATA}{row['id']}/"),
    ):
        assert (response.status_code, response.json()) == (404, as_admin.get(f"{DATA}999999/").json())
    assert as_owner.get(f"{DATA}{row['id']}/").json()["value"] == ""


def test_a_foreign_customer_does_not_exist(as_stranger: APIClient, customer: Customer) -> None:
    response = as_stranger.post(DATA, {"customer": customer.pk, "key": "k", "value": "v"})
    assert response.status_code == 400
    assert response.json() == {"customer": [f'Invalid pk "{customer.pk}" - object does not exist.']}
    assert not CustomerData.objects.exists()
    assert as_stranger.get(f"/api/message/customer/{customer.pk}/data/").status_code == 404
    assert as_stranger.get("/api/message/customer/999999/data/").status_code == 404


def test_entries_go_out_of_sight_with_their_customer(
    as_owner: APIClient, upload: Upload, customer: Customer, stranger: User, owner: User
) -> None:
    row = upload()
    Customer.objects.filter(pk=customer.pk).update(owner=stranger)
    assert keys(as_owner.get(DATA)) == []
    assert as_owner.get(f"{DATA}{row['id']}/").status_code == 404
    assert as_owner.put(f"{DATA}{row['id']}/", {"value": "x"}).status_code == 404
    assert as_owner.delete(f"{DATA}{row['id']}/").status_code == 404
    bulk = as_owner.post(f"{DATA}bulk-delete/", {"data_ids": [row["id"]]})
    assert bulk.json()["deleted_count"] == 0
    assert CustomerData.objects.get().value == ""
    Customer.objects.filter(pk=customer.pk).update(owner=owner)
    assert keys(as_owner.get(DATA)) == ["contract"]


def test_customers_and_the_anonymous_are_kept_out(
    as_customer: APIClient, anonymous: APIClient, customer: Customer
) -> None:
    calls = [
        ("get", DATA, None),
        ("post", DATA, {"customer": customer.pk, "key": "k", "value": "v"}),
        ("post", f"{DATA}bulk-delete/", {"data_ids": [1]}),
        ("get", f"{DATA}1/", None),
        ("put", f"{DATA}1/", {"value": "x"}),
        ("patch", f"{DATA}1/", {"value": "x"}),
        ("delete", f"{DATA}1/", None),
        ("get", f"/api/message/customer/{customer.pk}/data/", None),
    ]
    for method, path, body in calls:
        assert getattr(as_customer, method)(path, body).status_code == 403
        assert getattr(anonymous, method)(path, body).status_code == 401
    assert not CustomerData.objects.exists()


def test_a_list_costs_the_same_whatever_its_length(
    as_owner: APIClient, upload: Upload, customer: Customer, owner: User
) -> None:
    upload()
    with CaptureQueriesContext(
        connection,
    ) as one:
        as_owner.get(DATA)
    CustomerData.objects.bulk_create(
        CustomerData(user=owner, customer=customer, key=f"k{n}", value="v", file=f"customer_data/{n}.pdf")
        for n in range(20)
    )
    with CaptureQueriesContext(connection) as many:
        assert len(as_owner.get(DATA).json()) == 21
    assert len(many) == len(one)


def test_django_admin_shows_ones_own_entries_only(admin: User, upload: Upload, customer: Customer, client: Any) -> None:
    upload(value="not for Ada")
    CustomerData.objects.create(user=admin, customer=customer, key="adas-own", value="v")
    client.force_login(admin)
    page = client.get("/admin/customer_data/customerdata/").content.decode()
    assert "adas-own" in page
    assert "contract" not in page
