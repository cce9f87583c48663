"""Forms of Django admin that are refused: they keep what was entered, and say what is wrong in words of people."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError
from django.test import Client
from django.utils.html import escape

from accounts.models import User
from customers.actions.customers import erase_customer
from customers.admin import customers as customers_admin
from customers.admin.groups import GroupForm
from customers.models import Customer, CustomerGroup, Event
from messaging.models import BusinessNumber
from tags.models import Tag

CONSTRAINT = re.compile(r"constraint|UNIQUE|[a-z]+_[a-z]+_(once|any_case)", re.IGNORECASE)

CUSTOMER = {
    "source": "manual",
    "loyalty_tier": "bronze",
    "is_active": "on",
    "preferred_language": "en",
    "preferred_currency": "USD",
}
GROUP = {"discount_percentage": "0", "assignment_rules": "{}"}
USER = {"role": "sales", "is_active": "on", "new_password": "mango-river-88"}


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


@pytest.fixture
def here(customer: Customer, owner: User) -> None:
    """What new rows clash with."""
    CustomerGroup.objects.create(name="Gold")
    Tag.objects.create(name="Late", created_by=owner)
    BusinessNumber.objects.create(external_id="111")


def refused(desk: Client, path: str, body: dict[str, Any], *, status: int = 200) -> tuple[str, str]:
    """The fields with their errors as text, and the whole page; what was entered is in it."""
    answer = desk.post(path, body)
    page = answer.content.decode()
    assert answer.status_code == status, page[:500]
    for name, value in body.items():
        if name != "new_password" and value not in ("on", ""):
            assert escape(value) in page, (name, value)
    shown = page[page.index('id="content"') :]
    assert not CONSTRAINT.search(re.sub("<[^>]+>", " ", shown)), "the name of a constraint"
    return " ".join(re.findall(r'<ul class="errorlist[^>]*>(.*?)</ul>', page, re.DOTALL)), page


def counts() -> list[int]:
    return [model.objects.count() for model in (Customer, CustomerGroup, Tag, BusinessNumber, User, Event)]


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        ("customers/customer", CUSTOMER | {"first_name": "Jane", "phone": "+94771234567"}, "phone number already"),
        ("customers/customer", CUSTOMER | {"first_name": "Jane", "phone": "077 123 4567"}, "phone number already"),
        ("customers/customer", CUSTOMER | {"first_name": "Jane", "phone": "12"}, "Enter a phone number"),
        ("customers/customer", CUSTOMER | {"first_name": "Jane", "email": "nonsense"}, "Enter a valid email"),
        ("customers/customer", CUSTOMER | {"first_name": "J", "date_of_birth": "2999-01-01"}, "be in the future"),
        ("customers/customer", CUSTOMER | {"preferred_currency": "?"}, "currency of ISO 4217"),
        ("customers/customergroup", GROUP | {"name": "Gold"}, "A group with this name already exists."),
        ("customers/customergroup", GROUP | {"name": "gOLD"}, "A group with this name already exists."),
        ("customers/customergroup", GROUP | {"name": "New", "assignment_rules": '{"colour": "red"}'}, "no filter"),
        ("tags/tag", {"name": "LATE"}, "A tag with this name already exists."),
        ("messaging/businessnumber", {"external_id": "111", "display": "+94 11", "waba_id": "7"}, "here already"),
        ("accounts/user", USER | {"username": "SAM", "email": "new@desk.example"}, "This username is already taken."),
        ("accounts/user", USER | {"username": "sam", "email": "new@desk.example"}, "This username is already taken."),
        ("accounts/user", USER | {"username": "new", "email": "SAM@desk.example"}, "This email is already taken."),
        ("accounts/user", USER | {"username": "n", "email": "n@d.example", "new_password": "short"}, "too short"),
    ],
)  # fmt: skip
def test_what_is_taken_or_wrong(desk: Client, here: None, path: str, body: dict[str, Any], text: str) -> None:
    before = counts()
    errors, _ = refused(desk, f"/admin/{path}/add/", body)
    assert text in errors
    assert counts() == before


def test_changes_are_refused_in_the_same_words(desk: Client, here: None, owner: User, stranger: User) -> None:
    other, group = Customer.objects.create(first_name="Jane"), CustomerGroup.objects.create(name="Silver")
    errors, _ = refused(
        desk, f"/admin/customers/customer/{other.pk}/change/", CUSTOMER | {"first_name": "Jo", "phone": "+94771234567"}
    )
    assert "phone number already" in errors
    errors, _ = refused(desk, f"/admin/customers/customergroup/{group.pk}/change/", GROUP | {"name": "GOLD"})
    assert "A group with this name already exists." in errors
    user = {"username": stranger.username, "email": owner.email, "role": "sales", "is_active": "on", "new_password": ""}
    errors, _ = refused(desk, f"/admin/accounts/user/{stranger.pk}/change/", user)
    assert "This email is already taken." in errors
    assert Customer.objects.get(pk=other.pk).first_name == "Jane"


def test_an_owner_who_sells_no_more_is_said_beside_the_field(desk: Client, customer: Customer, admin: User) -> None:
    """Not offered, but a form may have been open for long."""
    gone = User.objects.create_user("gone", "gone@desk.example", role="sales", is_active=False)
    Customer.objects.create(first_name="Theirs", owner=gone)
    _, page = refused(desk, f"/admin/customers/customer/{customer.pk}/change/", CUSTOMER | {"owner": str(gone.pk)})
    field = page[page.index("field-owner") : page.index("field-notes")]
    assert "Only an active salesperson can own customers." in field


def test_a_rival_who_takes_the_name_at_the_same_moment(
    desk: Client, here: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The form found the name free, and the database did not."""
    looks: list[str] = []
    look = GroupForm.clean_name

    def looks_too_early(self: Any) -> str:
        looks.append(self.cleaned_data["name"])
        return looks[-1] if len(looks) == 1 else look(self)

    monkeypatch.setattr(GroupForm, "clean_name", looks_too_early)
    errors, _ = refused(desk, "/admin/customers/customergroup/add/", GROUP | {"name": "Gold"})
    assert "A group with this name already exists." in errors
    assert CustomerGroup.objects.count() == 1


def _raising(error: BaseException) -> Callable[..., Any]:
    def act(**given: Any) -> Any:
        raise error

    return act


@pytest.mark.parametrize(
    ("error", "text", "status"),
    [
        (IntegrityError("UNIQUE constraint failed: some_table.column"), "Somebody else has saved the same", 200),
        (OperationalError("database is locked"), "Somebody else is changing the same", 503),
    ],
)
def test_trouble_at_the_same_moment_keeps_the_form(
    desk: Client, customer: Customer, monkeypatch: pytest.MonkeyPatch, error: BaseException, text: str, status: int
) -> None:
    monkeypatch.setattr(customers_admin, "update_customer", _raising(error))
    path = f"/admin/customers/customer/{customer.pk}/change/"
    errors, _ = refused(desk, path, CUSTOMER | {"first_name": "A new name"}, status=status)
    assert text in errors


def test_a_customer_who_is_erased_meanwhile(
    desk: Client, admin: User, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = customers_admin.update_customer

    def erased_first(**given: Any) -> Any:
        erase_customer(customer_id=customer.pk, actor=admin)
        return update(**given)

    monkeypatch.setattr(customers_admin, "update_customer", erased_first)
    path = f"/admin/customers/customer/{customer.pk}/change/"
    page = desk.post(path, CUSTOMER | {"first_name": "Jo"}, follow=True).content.decode()
    assert "no longer there" in page
