"""A customer's page in Django admin: its sections, and what can be done there."""

import io
import zipfile
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from customers.actions.addresses import create_address
from customers.actions.assignments import assign
from customers.actions.customers import update_customer
from customers.actions.purchases import record_order, wish, write_review
from customers.admin.registry import sections
from customers.models import Customer, CustomerGroup, Event
from tests.admin_pages import customer_url, do, opened


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


def test_each_section_opens_and_names_the_others(desk: Client, customer: Customer) -> None:
    names = [section.name for section in sections()]
    assert names[0] == "chat"
    assert {"assignments", "groups", "shop", "points", "timeline", "tags", "contacts", "data", "identities"} < set(
        names
    )
    for page in (desk.get(customer_url(customer)).content.decode(), *(opened(desk, customer, name) for name in names)):
        assert all(f"?section={name}" in page for name in names)
    assert desk.get(customer_url(customer, "nonsense")).status_code == 200
    assert desk.get("/admin/customers/customer/987654321/change/?section=shop").status_code == 302
    assert desk.get(f"/admin/customers/customer/{10**30}/change/").status_code == 302


def test_sections_take_the_same_statements_with_many_rows(
    desk: Client, admin: User, owner: User, stranger: User, customer: Customer, django_assert_max_num_queries: Any
) -> None:
    CustomerGroup.objects.create(name="Gold", assignment_rules={"loyalty_tier": "gold"})
    for number in range(30):
        address = {"address_type": "billing", "address_line1": f"{number} Main", "city": "Galle", "country": "LK"}
        record_order(
            customer_id=customer.pk, actor=admin, number=f"A-{number}", status="paid", total=9, placed_at=timezone.now()
        )
        create_address(customer_id=customer.pk, actor=admin, **address)
        wish(customer_id=customer.pk, actor=admin, product_id=f"P{number}", name="Chair")
        write_review(customer_id=customer.pk, actor=admin, product_id=f"P{number}", rating=5)
        assign(customer_id=customer.pk, salesperson=(stranger, owner)[number % 2], actor=admin)
    for section in sections():
        with django_assert_max_num_queries(12) as statements:
            desk.get(customer_url(customer, section.name))
        assert len(statements.captured_queries) <= 12, section.name


def test_handing_over(desk: Client, admin: User, owner: User, stranger: User, customer: Customer) -> None:
    assert f"<strong>{owner.name}</strong> has this customer" in opened(desk, customer, "assignments")

    page = do(desk, customer, "assignments", "assign", salesperson=stranger.pk, note="Speaks Tamil")

    assert f"Handed over: to {stranger.name}" in page
    assert "Speaks Tamil" in page
    customer.refresh_from_db()
    assert customer.owner == stranger
    assert Event.objects.get(type="assignment_changed").actor == admin


def test_what_is_refused_keeps_what_was_entered(desk: Client, owner: User, customer: Customer) -> None:
    page = do(desk, customer, "assignments", "assign", salesperson=owner.pk, note="To themselves")
    assert "Select a valid choice." in page
    assert "To themselves" in page

    page = do(desk, customer, "points", "add_points", points="-7", reason="A long reason")
    assert "This customer has only 0 points." in page
    assert 'value="-7"' in page
    assert "A long reason" in page
    assert not Event.objects.exists()


def test_taking_something_away_asks_first(desk: Client, owner: User, customer: Customer) -> None:
    page = desk.post(customer_url(customer, "assignments"), {"do": "end_assignment"}).content.decode()
    assert "Nobody has the chat then" in page
    customer.refresh_from_db()
    assert customer.owner == owner

    assert "Nobody has this customer." in do(desk, customer, "assignments", "end_assignment")
    customer.refresh_from_db()
    assert customer.owner is None
    # Once more, as after going back in the browser.
    assert "Nobody has this customer." in do(desk, customer, "assignments", "end_assignment")


def test_points(desk: Client, customer: Customer) -> None:
    page = do(desk, customer, "points", "add_points", points="12", reason="A gift")
    assert "<strong>12</strong> points" in page
    assert "A gift" in page


def test_groups(desk: Client, customer: Customer) -> None:
    group = CustomerGroup.objects.create(name="Friends", discount_percentage=7)
    page = do(desk, customer, "groups", "join_group", group=group.pk)
    assert "7.00 % discount" in page
    assert group.manual_members.count() == 1
    do(desk, customer, "groups", "leave_group", group=group.pk)
    assert not group.manual_members.exists()


def test_addresses(desk: Client, admin: User, customer: Customer) -> None:
    fields = {"address_type": "billing", "address_line1": "1 Main", "city": "Galle", "country": "LK"}
    first, second = (create_address(customer_id=customer.pk, actor=admin, **fields) for _ in range(2))

    do(desk, customer, "shop", "default_address", item=second.pk)
    assert customer.addresses.get(is_default=True) == second
    do(desk, customer, "shop", "delete_address", item=first.pk)
    assert customer.addresses.get() == second
    assert "no longer there" in do(desk, customer, "shop", "delete_address", item=first.pk)


def test_rows_of_others_are_not_there(desk: Client, admin: User, owner: User, customer: Customer) -> None:
    other = Customer.objects.create(first_name="Other", owner=owner)
    fields = {"address_type": "billing", "address_line1": "1 Main", "city": "Galle", "country": "LK"}
    theirs = create_address(customer_id=other.pk, actor=admin, **fields)

    assert "no longer there" in do(desk, customer, "shop", "delete_address", item=theirs.pk)
    assert other.addresses.exists()


def test_the_timeline_says_who_did_what(desk: Client, admin: User, stranger: User, customer: Customer) -> None:
    update_customer(customer_id=customer.pk, actor=admin, changes={"notes": "a"})
    update_customer(customer_id=customer.pk, actor=admin, changes={"first_name": "Jon", "is_vip": True})
    assign(customer_id=customer.pk, salesperson=stranger, actor=admin)

    page = opened(desk, customer, "timeline")
    assert f"Handed over to {stranger.name}" in page
    assert "Changed: first name, vip" in page
    assert admin.name in page


def test_the_timeline_goes_back_by_number(desk: Client, admin: User, customer: Customer) -> None:
    for number in range(60):
        update_customer(customer_id=customer.pk, actor=admin, changes={"notes": str(number)})
    page = opened(desk, customer, "timeline")
    assert page.count("Changed: notes") == 50
    assert "before=11" in page
    older = desk.get(f"{customer_url(customer, 'timeline')}&before=11").content.decode()
    assert older.count("Changed: notes") == 9
    assert "before=" not in older.split("customer-section")[1]
    assert desk.get(f"{customer_url(customer, 'timeline')}&before=x").status_code == 200


def test_exporting_everything(desk: Client, customer: Customer) -> None:
    answer = desk.get(f"/admin/customers/customer/{customer.pk}/export/")
    assert "customer.json" in zipfile.ZipFile(io.BytesIO(answer.getvalue())).namelist()
    assert desk.get("/admin/customers/customer/987654321/export/").status_code == 302


@pytest.mark.parametrize("who", ["owner", "customer_login"])
def test_nobody_else_comes_in(client: Client, who: str, request: pytest.FixtureRequest, customer: Customer) -> None:
    client.force_login(request.getfixturevalue(who))
    for section in sections():
        assert client.get(customer_url(customer, section.name)).status_code == 302
    assert (
        client.post(
            customer_url(customer, "points"), {"do": "add_points", "given-points": "5", "given-reason": "x"}
        ).status_code
        == 302
    )
    customer.refresh_from_db()
    assert customer.loyalty_points == 0
