"""What Django admin says before it deletes: numbers, however many rows go along."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from customers.models import Customer, CustomerGroup, GroupMember
from messaging.models import BusinessNumber, Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


@pytest.fixture
def number() -> BusinessNumber:
    return BusinessNumber.objects.create(transport="whatsapp", external_id="111", display="+94 11 111 1111")


def write(customer: Customer, number: BusinessNumber, count: int) -> None:
    fields = {"customer": customer, "business_number": number, "direction": "inbound", "status": "received"}
    Message.objects.bulk_create(Message(text=f"said {n}", **fields) for n in range(count))


def statements(desk: Client, path: str, count: Any) -> tuple[int, str]:
    with count as captured:
        page = desk.get(path)
    return len(captured), page.content.decode()


def test_a_customer_costs_the_same_with_many_messages(
    desk: Client, customer: Customer, number: BusinessNumber, django_assert_max_num_queries: Any
) -> None:
    path = f"/admin/customers/customer/{customer.pk}/delete/"
    write(customer, number, 1)
    few, _ = statements(desk, path, django_assert_max_num_queries(60))
    write(customer, number, 300)

    many, page = statements(desk, path, django_assert_max_num_queries(60))

    assert many == few
    assert "messages: 301" in page.lower()
    assert "said 1" not in page
    assert len(page) < 30_000


def test_a_number_with_messages_is_kept_and_says_why(desk: Client, customer: Customer, number: BusinessNumber) -> None:
    write(customer, number, 300)
    path = f"/admin/messaging/businessnumber/{number.pk}/delete/"

    page = desk.get(path).content.decode()

    assert "messages: 300" in page
    assert "said 1" not in page
    desk.post(path, {"post": "yes"})
    assert BusinessNumber.objects.filter(pk=number.pk).exists()


def test_a_number_without_messages_goes(desk: Client, number: BusinessNumber) -> None:
    desk.post(f"/admin/messaging/businessnumber/{number.pk}/delete/", {"post": "yes"})

    assert not BusinessNumber.objects.filter(pk=number.pk).exists()


def test_a_group_goes_with_its_members(desk: Client, customer: Customer) -> None:
    group = CustomerGroup.objects.create(name="Regulars")
    GroupMember.objects.create(group=group, customer=customer)
    path = f"/admin/customers/customergroup/{group.pk}/delete/"

    assert "group members: 1" in desk.get(path).content.decode().lower()
    desk.post(path, {"post": "yes"})

    assert not CustomerGroup.objects.filter(pk=group.pk).exists()
    assert Customer.objects.filter(pk=customer.pk).exists()


def test_a_number_that_is_known_is_not_added_twice(desk: Client, number: BusinessNumber) -> None:
    form = {"external_id": " 111 ", "display": "another", "waba_id": "", "access_token": ""}

    answer = desk.post("/admin/messaging/businessnumber/add/", form)

    assert answer.status_code == 200
    page = answer.content.decode()
    assert "This number is here already, as whatsapp +94 11 111 1111" in page
    assert 'value="another"' in page
    assert BusinessNumber.objects.count() == 1
