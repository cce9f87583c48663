"""Customers and tags in Django admin: changes go through the actions."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from customers.actions.addresses import create_address
from customers.actions.purchases import record_order
from customers.models import Address, Assignment, Customer, CustomerGroup, Event, LoyaltyEntry, Order
from tags.actions.tags import ensure_system_tags
from tags.models import Tag
from tests.admin_pages import confirm

CUSTOMERS = "/admin/customers/customer/"


@pytest.fixture
def desk(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def form(**fields: Any) -> dict[str, Any]:
    usual = {"source": "manual", "loyalty_tier": "bronze", "is_active": "on"}
    return usual | {"preferred_language": "en", "preferred_currency": "USD"} | fields


def test_adding(desk: Client, owner: User) -> None:
    response = desk.post(
        "/admin/customers/customer/add/", form(first_name="Jane", phone="077 123 4567", owner=owner.pk)
    )

    assert response.status_code == 302, response.content
    customer = Customer.objects.get()
    assert (customer.phone, customer.owner, customer.is_active) == ("+94771234567", owner, True)
    assert Assignment.objects.get().salesperson == owner
    assert Event.objects.get().type == "customer_updated"


def test_changing(desk: Client, customer: Customer, stranger: User) -> None:
    path = f"/admin/customers/customer/{customer.pk}/change/"
    assert desk.get(path).status_code == 200

    response = desk.post(path, form(first_name="Jon", phone="+94771234567", source="whatsapp", owner=stranger.pk))

    assert response.status_code == 302, response.content
    customer.refresh_from_db()
    assert (customer.first_name, customer.last_name, customer.owner) == ("Jon", "", stranger)
    assert list(Event.objects.order_by("seq").values_list("type", flat=True)) == [
        "assignment_changed",
        "customer_updated",
    ]


def test_assignments_name_people_as_everybody_knows_them(
    desk: Client, admin: User, owner: User, customer: Customer
) -> None:
    User.objects.filter(pk=owner.pk).update(first_name="Sam", last_name="Silva")
    Assignment.objects.create(customer=customer, salesperson=owner, assigned_by=admin)

    page = desk.get("/admin/customers/assignment/").content.decode()

    assert re.findall(r"field-(seller|giver)[^>]*>([^<]*)<", page) == [("seller", "Sam Silva"), ("giver", admin.name)]


def test_what_is_refused_is_said(desk: Client, customer: Customer) -> None:
    other = Customer.objects.create(first_name="Other")
    path = f"/admin/customers/customer/{other.pk}/change/"

    for phone in ("0771234567", "12"):
        response = desk.post(path, form(first_name="Changed", phone=phone), follow=True)
        assert response.status_code == 200
        text = response.content.decode()
        assert "already exists" in text or "Enter a phone number" in text
    other.refresh_from_db()
    assert other.first_name == "Other"
    assert not Event.objects.exists()


def test_a_phone_that_is_saved_is_vouched_for(desk: Client, customer: Customer) -> None:
    Customer.objects.filter(pk=customer.pk).update(pending_phone="+94770000001")
    path = f"/admin/customers/customer/{customer.pk}/change/"
    assert "+94770000001" in desk.get(path).content.decode()

    assert desk.post(path, form(first_name="John", phone="0770000002")).status_code == 302

    customer.refresh_from_db()
    assert (customer.phone, customer.pending_phone) == ("+94770000002", "")
    assert customer.phone_vouched_at is not None


def test_confirming_phones(desk: Client, customer: Customer) -> None:
    first, second = (Customer.objects.create(pending_phone=phone) for phone in ("+94770000001", "+94771234567"))

    page = confirm(desk, CUSTOMERS, "confirm_phones", [first, second])

    assert "1 confirmed, 1 refused" in page
    assert "A customer with this phone number already exists." in page
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.phone, first.pending_phone, first.phone_vouched_at is not None) == ("+94770000001", "", True)
    assert (second.phone, second.pending_phone, second.phone_vouched_at) == (None, "+94771234567", None)


def test_deleting(desk: Client, customer: Customer) -> None:
    second = Customer.objects.create(first_name="Second")
    assert desk.post(f"/admin/customers/customer/{customer.pk}/delete/", {"post": "yes"}).status_code == 302
    assert "delete_selected" not in desk.get(CUSTOMERS).content.decode()
    assert "1 erased" in confirm(desk, CUSTOMERS, "erase", [second])

    assert not Customer.objects.exists()


def test_lists_and_searches(desk: Client, customer: Customer) -> None:
    for query in (
        "",
        "?q=0771234567",
        "?q=(077)+123",
        "?q=077.123-45",
        "?q=CUST",
        "?source__exact=whatsapp",
        "?q=nobody",
        "?o=1",
    ):
        response = desk.get(f"/admin/customers/customer/{query}")
        assert response.status_code == 200
        assert ("+94771234567" in response.content.decode()) == ("nobody" not in query and query != "?q=CUST")


def test_tags(desk: Client, admin: User) -> None:
    whatsapp = ensure_system_tags()[0]
    assert desk.get("/admin/tags/tag/").status_code == 200
    assert desk.post("/admin/tags/tag/add/", {"name": "VIP"}).status_code == 302
    assert Tag.objects.get(name="VIP").created_by == admin

    assert desk.post(f"/admin/tags/tag/{whatsapp.pk}/change/", {"name": "Renamed"}).status_code == 403
    whatsapp.refresh_from_db()
    assert whatsapp.name == "Whatsapp"
    assert desk.post("/admin/tags/tag/add/", {"name": "vip"}).status_code == 200
    assert Tag.objects.filter(name__iexact="vip").count() == 1


def test_groups_have_rules_that_work(desk: Client, customer: Customer) -> None:
    path = "/admin/customers/customergroup/add/"
    fields = {"name": "Gold", "discount_percentage": "5", "assignment_rules": '{"colour": "red"}'}

    refused = desk.post(path, fields)
    assert "The customer list has no filter colour." in refused.content.decode()
    assert not CustomerGroup.objects.exists()

    saved = desk.post(path, {**fields, "assignment_rules": '{"loyalty_tier": "gold"}'})
    assert saved.status_code == 302, saved.content
    group = CustomerGroup.objects.get()
    assert group.assignment_rules == {"loyalty_tier": "gold"}
    namesake = desk.post(path, {**fields, "name": "gold", "assignment_rules": "{}"})
    assert (namesake.status_code, CustomerGroup.objects.count()) == (200, 1)


@pytest.mark.parametrize("kind", ["order", "address", "loyaltyentry"])
def test_what_the_api_keeps_is_shown_and_not_changed(desk: Client, admin: User, customer: Customer, kind: str) -> None:
    record_order(
        customer_id=customer.pk, actor=admin, number="A-1", status="delivered", total=2000, placed_at=timezone.now()
    )
    create_address(
        customer_id=customer.pk, actor=admin, address_type="billing", address_line1="1 Main", city="Galle", country="LK"
    )
    pk = {"order": Order, "address": Address, "loyaltyentry": LoyaltyEntry}[kind].objects.get().pk

    page = desk.get(f"/admin/customers/{kind}/")
    assert "John Doe" in page.content.decode()
    assert desk.get(f"/admin/customers/{kind}/{pk}/change/").status_code == 200
    assert desk.get(f"/admin/customers/{kind}/add/").status_code == 403
    assert desk.post(f"/admin/customers/{kind}/{pk}/change/", {}).status_code == 403
    assert desk.post(f"/admin/customers/{kind}/{pk}/delete/", {"post": "yes"}).status_code == 403
