"""Customers who may be the same person."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from customers.models import Customer
from messaging.models import BusinessNumber
from whatsapp.models import Identity


@pytest.fixture
def someone(owner: User) -> Any:
    """Another customer of `owner`'s."""
    return lambda **fields: Customer.objects.create(**{"first_name": "Jane", "owner": owner, **fields})


def duplicates(client: APIClient, customer: Customer) -> dict[int, list[str]]:
    answer = client.get(f"/api/customers/{customer.pk}/duplicates/")
    assert answer.status_code == 200, answer.content
    return {row["customer"]["id"]: row["reasons"] for row in answer.json()}


@pytest.mark.parametrize(
    ("fields", "reasons"),
    [
        ({"phone": "+94771234567", "phone_trusted": False}, ["phone"]),
        ({"pending_phone": "+94771234567"}, ["phone"]),
        ({"email": "JOHN@example.com"}, ["email"]),
        # Only a name in common says nothing.
        ({"first_name": "John", "last_name": "Doe"}, None),
        ({"first_name": "John", "last_name": "Doe", "phone": "+15551234567"}, ["name"]),
        ({"first_name": "jöhn ", "last_name": "DOE", "email": "john@other.example"}, ["name"]),
        ({"first_name": "John", "last_name": "Doe", "email": "john@example.com"}, ["email", "name"]),
        ({"first_name": "Jon", "last_name": "Doe", "email": "john@other.example"}, None),
        # Part of another number, and of another address.
        ({"first_name": "John", "last_name": "Doe", "phone": "+9412345670"}, None),
        ({"first_name": "John", "last_name": "Doe", "email": "bigjohn@example.com"}, None),
        ({"phone": "+15551234567"}, None),
        ({}, None),
    ],
)
def test_reasons(
    as_owner: APIClient, customer: Customer, someone: Any, fields: dict[str, Any], reasons: list[str] | None
) -> None:
    other = someone(**fields)

    assert duplicates(as_owner, customer) == ({other.pk: reasons} if reasons else {})
    assert duplicates(as_owner, other) == ({customer.pk: reasons} if reasons else {})


def test_a_phone_in_another_spelling(as_owner: APIClient, someone: Any) -> None:
    mobile, short = someone(phone="+5511987654321"), someone(first_name="June", phone="+551187654321")

    assert duplicates(as_owner, mobile) == {short.pk: ["phone"]}
    assert duplicates(as_owner, short) == {mobile.pk: ["phone"]}


def test_who_writes_from_the_phone(as_owner: APIClient, customer: Customer, someone: Any) -> None:
    number, other = BusinessNumber.objects.create(external_id="1"), someone()
    Identity.objects.create(customer=other, business_number=number, wa_id="94771234567")

    assert duplicates(as_owner, customer) == {other.pk: ["wa_id"]}
    assert duplicates(as_owner, other) == {customer.pk: ["wa_id"]}


def test_one_address_on_two_numbers(as_owner: APIClient, customer: Customer, someone: Any) -> None:
    other = someone()
    for external_id, one in (("1", customer), ("2", other)):
        number = BusinessNumber.objects.create(external_id=external_id)
        Identity.objects.create(customer=one, business_number=number, user_id="LK.1")

    assert duplicates(as_owner, customer) == {other.pk: ["wa_id"]}


def test_the_best_come_first_at_most_twenty(as_owner: APIClient, customer: Customer, someone: Any) -> None:
    by_name = [someone(first_name="John", last_name="Doe", phone=f"+{n}551234567") for n in range(10, 32)]
    by_email = someone(email="john@example.com")
    by_phone = someone(pending_phone="+94771234567")
    by_both = someone(pending_phone="+94771234567", email="john@example.com")

    found = list(duplicates(as_owner, customer))

    assert found[:3] == [by_both.pk, by_phone.pk, by_email.pk]
    assert found[3:] == [one.pk for one in reversed(by_name)][:17]


def test_rows_are_those_of_the_desk(as_owner: APIClient, customer: Customer, someone: Any) -> None:
    other = someone(email="john@example.com")

    answer = as_owner.get(f"/api/customers/{customer.pk}/duplicates/")

    assert answer.json() == [{"customer": as_owner.get(f"/api/customers/{other.pk}/").json(), "reasons": ["email"]}]


def test_only_those_you_may_see(
    as_owner: APIClient, as_admin: APIClient, as_stranger: APIClient, stranger: User, customer: Customer
) -> None:
    theirs = Customer.objects.create(first_name="John", email="john@example.com", owner=stranger)
    merged = Customer.objects.create(first_name="John", email="john@example.com", merged_into=theirs)

    assert duplicates(as_owner, customer) == {}
    assert duplicates(as_admin, customer) == {theirs.pk: ["email"]}
    assert as_stranger.get(f"/api/customers/{customer.pk}/duplicates/").status_code == 404
    assert as_admin.get(f"/api/customers/{merged.pk}/duplicates/").status_code == 410


def test_the_number_of_queries_does_not_grow(
    as_owner: APIClient, customer: Customer, someone: Any, django_assert_num_queries: Any
) -> None:
    path = f"/api/customers/{customer.pk}/duplicates/"
    for count in (1, 10):
        for _ in range(count):
            someone(email="john@example.com")
        with django_assert_num_queries(8):
            as_owner.get(path)
