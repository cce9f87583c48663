"""Duplicates, merging and undoing it on a customer's page in Django admin."""

import pytest
from django.test import Client

from accounts.models import User
from customers.models import Customer, Merge
from tests.admin_pages import customer_url, do, opened


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


@pytest.fixture
def twin(owner: User, customer: Customer) -> Customer:
    return Customer.objects.create(first_name="Johnny", email=customer.email or "john@shop.example", owner=owner)


def test_who_may_be_the_same_is_named(desk: Client, customer: Customer, twin: Customer) -> None:
    Customer.objects.filter(pk=customer.pk).update(email=twin.email)
    page = opened(desk, customer, "duplicates")
    assert twin.customer_id in page
    assert "the same email" in page


def test_merging_says_what_will_happen_and_asks(desk: Client, admin: User, customer: Customer, twin: Customer) -> None:
    Customer.objects.filter(pk=twin.pk).update(notes="Likes chairs.")
    body = {"do": "merge", "given-other": twin.pk, "given-stays": "this"}
    page = desk.post(customer_url(customer, "duplicates"), body).content.decode()
    assert f"{twin.customer_id}) becomes part of {customer.name}" in page
    assert "First name: John is kept." in page
    assert not Merge.objects.exists()

    page = do(desk, customer, "duplicates", "merge", other=twin.pk, stays="this")

    merge = Merge.objects.get()
    assert (merge.gone, merge.into, merge.actor) == (twin, customer, admin)
    assert f"Merged: {twin.customer_id} is part of {customer.customer_id} now" in page


def test_the_page_of_the_one_who_went_leads_to_the_other(desk: Client, customer: Customer, twin: Customer) -> None:
    page = do(desk, customer, "duplicates", "merge", other=twin.pk, stays="other")

    assert f"{customer.customer_id} became part of this customer." in page
    assert Merge.objects.get().into == twin


def test_what_cannot_be_merged_says_why(desk: Client, customer: Customer) -> None:
    assert "A customer cannot be merged with themselves." in do(
        desk, customer, "duplicates", "merge", other=customer.pk, stays="this"
    )
    body = {"do": "merge", "given-other": customer.pk, "given-stays": "this"}
    assert "cannot be merged with themselves" in desk.post(customer_url(customer, "duplicates"), body).content.decode()
    assert "Select a valid choice" in do(desk, customer, "duplicates", "merge", other=0, stays="this")
    assert not Merge.objects.exists()


def test_undoing(desk: Client, admin: User, customer: Customer, twin: Customer) -> None:
    do(desk, customer, "duplicates", "merge", other=twin.pk, stays="this")
    merge = Merge.objects.get()
    other = Customer.objects.create(first_name="Other")
    assert "errornote" in do(desk, other, "duplicates", "undo_merge", item=merge.pk)

    do(desk, customer, "duplicates", "undo_merge", item=merge.pk)

    merge.refresh_from_db()
    assert merge.undone_by == admin
    assert Customer.objects.filter(pk=twin.pk).exists()


def test_who_can_be_chosen_is_named_with_their_number(desk: Client, customer: Customer) -> None:
    query = {"term": "John", "app_label": "customers", "model_name": "assignment", "field_name": "customer"}
    found = desk.get("/admin/autocomplete/", query).json()["results"]
    assert found == [{"id": str(customer.pk), "text": f"{customer.name} ({customer.customer_id})"}]


def test_the_same_name_alone_is_not_said_to_be_nobodys(desk: Client, customer: Customer) -> None:
    Customer.objects.create(first_name=customer.first_name, last_name=customer.last_name)
    page = opened(desk, customer, "duplicates")
    assert "or the same name and a similar phone or email" in page
