"""Far pages and counts of what belongs to customers: addresses, contacts and assignments."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from contacts.models import Contact
from core import pagination
from core.pagination import Pages
from customers.models import Address, Assignment, Customer
from customers.pages import VisiblePages

PATHS = {"address": "/api/customers/addresses/", "contact": "/api/contacts/", "assignment": "/api/assignments/"}


@pytest.fixture(params=PATHS)
def path(request: pytest.FixtureRequest) -> str:
    return PATHS[request.param]


@pytest.fixture
def belongings(owner: User, stranger: User, customer: Customer) -> None:
    """Six rows of each kind of the owner's customer, one of somebody else's, and one that a merge left behind."""
    others = Customer.objects.create(first_name="Other", owner=stranger)
    merged = Customer.objects.create(first_name="Merged", merged_into=customer)
    for number, whose in enumerate([customer] * 3 + [merged, others] + [customer] * 3):
        Address.objects.create(customer=whose, address_type="billing", city=f"City {number}", country="India")
        Contact.objects.create(
            customer=whose, email=f"{number}@example.com", wa_number=f"+9477{number}", tp_number=f"+9411{number}"
        )
        Assignment.objects.create(customer=whose, salesperson=owner, ended_at=whose.date_joined)


@pytest.fixture(params=[Pages.DEEP, 0, 2], ids=["first pages", "far pages", "near the end"])
def pages(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pages, "DEEP", request.param)


def answer(client: Any, url: str) -> Any:
    response = client.get(url)
    assert response.status_code == 200, response.content
    body = response.json()
    return body.get("data", body)


def walk(client: Any, path: str, query: str = "") -> list[int]:
    """The ids of all rows, a page after the other."""
    found, url = [], f"{path}?page_size=2&{query}"
    while url:
        page = answer(client, url)
        found += [row["id"] for row in page["results"]]
        url = page["next"]
    return found


@pytest.mark.usefixtures("belongings", "pages")
@pytest.mark.parametrize("most_of_merged", [0, 1_000])
def test_an_admin_sees_all_but_what_a_merge_left_behind(
    as_admin: Any, path: str, most_of_merged: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VisiblePages, "MOST_OF_MERGED", most_of_merged)
    found = walk(as_admin, path)

    assert len(found) == 7
    assert found == sorted(found, reverse=True)
    assert walk(as_admin, path, "count=exact") == found
    last = answer(as_admin, f"{path}?page_size=2&page=last")
    assert (last["count"], [row["id"] for row in last["results"]]) == (7, found[-1:])


@pytest.mark.usefixtures("belongings", "pages")
@pytest.mark.parametrize("counted", [2, 10_000])
@pytest.mark.parametrize("most_of_desk", [-1, 30_000])
def test_salespeople_see_what_belongs_to_their_customers(
    as_owner: Any, as_stranger: Any, path: str, counted: int, most_of_desk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pagination, "COUNTED_EXACTLY", counted)
    monkeypatch.setattr(VisiblePages, "MOST_OF_DESK", most_of_desk)
    found = walk(as_owner, path)

    assert len(found) == 6
    assert found == sorted(found, reverse=True)
    assert walk(as_owner, path, "count=exact") == found
    assert len(walk(as_stranger, path)) == 1
    assert answer(as_owner, f"{path}?count=exact")["count"] == 6


@pytest.mark.usefixtures("belongings", "pages")
@pytest.mark.parametrize(
    ("path", "query", "count"),
    [
        (PATHS["address"], "city=city 1", 1),
        (PATHS["address"], "country=india", 6),
        (PATHS["address"], "country=nowhere", 0),
        (PATHS["contact"], "is_active=true", 6),
        (PATHS["contact"], "is_active=false", 0),
        (PATHS["assignment"], "is_active=false", 6),
    ],
)
@pytest.mark.parametrize("few", [0, 1_000])
def test_filters_however_many_they_leave(
    as_owner: Any, path: str, query: str, count: int, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VisiblePages, "FEW", few)

    assert len(walk(as_owner, path, query)) == count
    assert answer(as_owner, f"{path}?{query}")["count"] == count


@pytest.mark.usefixtures("belongings")
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite is always asked in the same way")
@pytest.mark.parametrize(("most_of_desk", "finds_them_first"), [(-1, False), (30_000, True)])
def test_the_customers_of_a_big_desk_are_not_found_first(
    as_owner: Any, path: str, most_of_desk: int, finds_them_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VisiblePages, "MOST_OF_DESK", most_of_desk)
    with CaptureQueriesContext(connection) as asked:
        answer(as_owner, path)

    assert any("ARRAY(" in one["sql"] for one in asked) == finds_them_first


@pytest.mark.usefixtures("belongings")
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite always counts")
def test_what_is_surely_more_is_not_counted(as_owner: Any, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pagination, "COUNTED_EXACTLY", 4)
    monkeypatch.setattr(Pages, "SOON", 2)
    monkeypatch.setattr(VisiblePages, "_estimate", 1_000)

    page = answer(as_owner, f"{path}?page_size=2")

    assert (page["count"], page["count_is_exact"]) == (1_000, False)
    assert answer(as_owner, f"{path}?page_size=2&page=3")["count"] == 6, "the last page knows"
