"""Pages of lists by number: each row is on one of them, in its place, however the rows are found."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from core.pagination import FilteredPages, Pages
from customers.models import Assignment, Customer

pytestmark = pytest.mark.django_db
PROFILES = "/api/customers/customers/"


def listed(client: APIClient, url: str) -> list[list[int]]:
    """The ids on each page of a list, by its `next` links."""
    pages, following = [], url
    while following:
        page = client.get(following).json()
        pages.append([row["id"] for row in page["results"]])
        following = page["next"]
    return pages


def in_fours(ids: list[int]) -> list[list[int]]:
    return [ids[start : start + 4] for start in range(0, len(ids), 4)]


@pytest.fixture
def profiles() -> list[Customer]:
    """22 customers. Their orders repeat, and some never ordered."""
    return Customer.objects.bulk_create(
        Customer(
            total_orders=n % 5,
            gender="female" if n % 2 else "other",
            last_order_date=f"2026-01-{n + 1:02}T00:00Z" if n % 3 else None,
        )
        for n in range(22)
    )


def _latest_first(one: Customer) -> Any:
    return (one.last_order_date is None, [-ord(letter) for letter in str(one.last_order_date)], -one.pk)


ORDERS = {
    "": lambda one: -one.pk,
    "total_orders": lambda one: (one.total_orders, one.pk),
    "-total_orders": lambda one: (-one.total_orders, -one.pk),
    "-last_order_date": _latest_first,
}


@pytest.mark.parametrize("counted", ["", "&count=exact"])
@pytest.mark.parametrize("ordering", ORDERS)
def test_far_pages_are_found_from_either_end(
    as_admin: APIClient, profiles: list[Customer], monkeypatch: pytest.MonkeyPatch, ordering: str, counted: str
) -> None:
    monkeypatch.setattr(Pages, "DEEP", 0)
    expected = [one.pk for one in sorted(profiles, key=ORDERS[ordering])]
    url = f"{PROFILES}?page_size=4&ordering={ordering}{counted}"
    assert listed(as_admin, url) == in_fours(expected)
    assert listed(as_admin, f"{url.removesuffix(counted)}&page=last") == [expected[-2:]]


def test_the_last_page_skips_no_rows(
    as_admin: APIClient, owner: User, profiles: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    Assignment.objects.bulk_create(Assignment(customer=one, salesperson=owner) for one in profiles)
    monkeypatch.setattr(Pages, "DEEP", 0)
    with CaptureQueriesContext(connection) as statements:
        last = as_admin.get("/api/assignments/?page_size=5&page=last").json()
    oldest = Assignment.objects.newest_first().values_list("pk", flat=True).reverse()[:2]
    assert [row["id"] for row in last["results"]] == list(oldest)[::-1]
    assert not [each for each in statements.captured_queries if "OFFSET" in str(each["sql"])]


@pytest.mark.parametrize("few", [3, 10, 11, 1_000])
@pytest.mark.parametrize("ordering", ORDERS)
def test_few_and_many_rows_of_a_filter(
    as_admin: APIClient, profiles: list[Customer], monkeypatch: pytest.MonkeyPatch, ordering: str, few: int
) -> None:
    monkeypatch.setattr(FilteredPages, "FEW", few)
    women = [one.pk for one in sorted(profiles, key=ORDERS[ordering]) if one.gender == "female"]
    assert listed(as_admin, f"{PROFILES}?gender=female&page_size=4&ordering={ordering}") == in_fours(women)
    nobody = as_admin.get(f"{PROFILES}?gender=male&ordering={ordering}").json()
    assert nobody == {"count": 0, "next": None, "previous": None, "results": []}
