"""What admins do to the customers they select in Django admin."""

import csv
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from customers.models import Assignment, Customer, CustomerGroup, Event, LoyaltyEntry
from tags.models import CustomerTag, Tag
from tests.admin_pages import ask, confirm

CUSTOMERS = "/admin/customers/customer/"


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


@pytest.fixture
def group(db: None) -> CustomerGroup:
    return CustomerGroup.objects.create(name="Gold", assignment_rules={"loyalty_tier": "gold"})


@pytest.fixture
def nimal(owner: User) -> Customer:
    return Customer.objects.create(first_name="Nimal", owner=owner)


def test_handing_over(desk: Client, admin: User, stranger: User, customer: Customer, nimal: Customer) -> None:
    theirs = Customer.objects.create(first_name="Theirs", owner=stranger)
    page = ask(desk, CUSTOMERS, "assign", [customer, nimal])
    assert "The chat leaves the desk of whoever has it now" in page
    assert f'<option value="{stranger.pk}">{stranger.name}</option>' in page
    assert f'<option value="{admin.pk}">' not in page

    chosen = [customer, nimal, theirs]
    page = confirm(desk, CUSTOMERS, "assign", chosen, salesperson=stranger.pk, note="While Sam is ill")

    assert "2 handed over, 1 refused" in page
    assert f"This customer is already assigned to {stranger.name}." in page
    assert set(Customer.objects.values_list("owner", flat=True)) == {stranger.pk}
    assert {one.note for one in Assignment.objects.filter(ended_at=None)} == {"While Sam is ill"}
    assert [event.actor for event in Event.objects.filter(type="assignment_changed")] == [admin, admin]


def test_handing_over_to_nobody_changes_nothing(desk: Client, admin: User, owner: User, customer: Customer) -> None:
    for salesperson in ("", admin.pk, 0):
        assert "errorlist" in confirm(desk, CUSTOMERS, "assign", [customer], salesperson=salesperson)
    customer.refresh_from_db()
    assert customer.owner == owner
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("action", "field", "before", "after"),
    [("verify", "is_verified", False, True), ("make_vip", "is_vip", False, True), ("end_vip", "is_vip", True, False)],
)
def test_states(
    desk: Client, admin: User, customer: Customer, action: str, field: str, before: bool, after: bool
) -> None:
    Customer.objects.update(**{field: before})
    ask(desk, CUSTOMERS, action, [customer])
    assert getattr(Customer.objects.get(), field) == before

    confirm(desk, CUSTOMERS, action, [customer])
    assert getattr(Customer.objects.get(), field) == after
    assert Event.objects.get().actor == admin

    assert "It was so already." in confirm(desk, CUSTOMERS, action, [customer])
    assert Event.objects.count() == 1


def test_points_and_tier(desk: Client, admin: User, customer: Customer, nimal: Customer) -> None:
    assert "errorlist" in confirm(desk, CUSTOMERS, "add_points", [customer], points="5")
    assert "2 changed" in confirm(desk, CUSTOMERS, "add_points", [customer, nimal], points="5", reason="A gift")
    Customer.objects.filter(pk=nimal.pk).update(loyalty_points=0)

    page = confirm(desk, CUSTOMERS, "add_points", [customer, nimal], points="-5", reason="A mistake")
    assert "1 changed, 1 refused" in page
    assert "This customer has only 0 points." in page

    confirm(desk, CUSTOMERS, "set_tier", [customer], tier="gold", reason="An old friend")
    assert Customer.objects.get(pk=customer.pk).loyalty_tier == "gold"
    assert LoyaltyEntry.objects.latest("pk").actor == admin


def test_groups(desk: Client, customer: Customer, nimal: Customer, group: CustomerGroup) -> None:
    Customer.objects.filter(pk=nimal.pk).update(loyalty_tier="gold")
    assert "1 added" in confirm(desk, CUSTOMERS, "join_group", [customer], group=group.pk)
    assert group.manual_members.get().customer == customer

    page = confirm(desk, CUSTOMERS, "leave_group", [customer, nimal], group=group.pk)
    assert "1 removed, 1 refused" in page
    assert "This customer matches the rules of the group." in page
    assert not group.manual_members.exists()


def test_exporting(desk: Client, customer: Customer, nimal: Customer) -> None:
    chosen = {"action": "export_csv", "_selected_action": [nimal.pk]}
    answer = desk.post(CUSTOMERS, chosen)
    rows = list(csv.DictReader(answer.getvalue().decode().splitlines()))
    assert answer["Content-Type"].startswith("text/csv")
    assert [row["first_name"] for row in rows] == ["Nimal"]

    everybody = desk.post(CUSTOMERS, chosen | {"select_across": "1", "index": "0"})
    assert len(everybody.getvalue().decode().splitlines()) == 3


def found(desk: Client, **query: Any) -> set[str]:
    page = desk.get(CUSTOMERS, query).content.decode()
    return {name for name in ("John", "Nimal") if f">{name}" in page}


def test_the_list_is_filtered(
    desk: Client, owner: User, stranger: User, customer: Customer, nimal: Customer, group: CustomerGroup
) -> None:
    Customer.objects.filter(pk=nimal.pk).update(
        owner=None, is_vip=True, loyalty_tier="gold", pending_phone="+94770000001"
    )
    tag = Tag.objects.create(name="Late", created_by=owner)
    CustomerTag.objects.create(customer=customer, tag=tag)

    assert found(desk, owner=owner.pk) == {"John"}
    assert found(desk, owner="none") == {"Nimal"}
    assert found(desk, owner="x") == set()
    assert found(desk, state="vip") == found(desk, state="claimed") == {"Nimal"}
    assert found(desk, state="x") == {"John", "Nimal"}
    assert found(desk, group=group.pk) == {"Nimal"}
    assert found(desk, tag=tag.pk) == {"John"}
    for gone in ("0", "x", str(10**30)):
        assert found(desk, group=gone) == found(desk, tag=gone) == set()


def test_pages_of_groups_and_tags_lead_to_their_customers(desk: Client, owner: User, group: CustomerGroup) -> None:
    tag = Tag.objects.create(name="Late", created_by=owner)
    assert f"{CUSTOMERS}?tag={tag.pk}" in desk.get(f"/admin/tags/tag/{tag.pk}/change/").content.decode()
    page = desk.get(f"/admin/customers/customergroup/{group.pk}/change/").content.decode()
    assert f"{CUSTOMERS}?group={group.pk}" in page


@pytest.mark.parametrize("who", ["owner", "customer_login"])
def test_nobody_else_does_any_of_it(
    client: Client, who: str, request: pytest.FixtureRequest, customer: Customer, stranger: User
) -> None:
    client.force_login(request.getfixturevalue(who))
    before = Customer.objects.values().get(), Event.objects.count()
    for action in ("assign", "make_vip", "erase", "export_csv", "add_points"):
        body: dict[str, Any] = {"action": action, "_selected_action": [customer.pk], "confirmed": "yes"}
        body |= {"given-salesperson": stranger.pk, "given-points": "5", "given-reason": "x"}
        assert client.post(CUSTOMERS, body).status_code == 302
    assert client.get(f"{CUSTOMERS}{customer.pk}/export/").status_code == 302
    assert (Customer.objects.values().get(), Event.objects.count()) == before
