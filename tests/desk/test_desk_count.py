"""The count of a long list: exact up to a number of rows, an estimate beyond it, and the truth for who asks for it."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from core import pagination
from core.pagination import Pages
from customers.models import Customer
from messaging.desk import rows
from messaging.desk.rows import DeskPages, WholeDesk
from tags.actions.tags import ensure_system_tags
from tags.models import CustomerTag, Tag
from tests.declared_answers import swagger

pytestmark = pytest.mark.django_db
LIST = "/api/customers/"
estimated = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no estimates, and counts")


@pytest.fixture(autouse=True)
def long_list(monkeypatch: pytest.MonkeyPatch, owner: User) -> None:
    """A desk of 25 rows, for which 10 are many."""
    monkeypatch.setattr(pagination, "COUNTED_EXACTLY", 10)
    monkeypatch.setattr(Pages, "DEEP", 10)
    Customer.objects.bulk_create(Customer(first_name=f"Row {n}", owner=owner) for n in range(25))
    Customer.objects.bulk_create(Customer(first_name="Nobody's") for _ in range(3))


def pages(client: APIClient, query: str = "") -> list[dict[str, Any]]:
    """Every page of a list, by its `next` links."""
    url, found = f"{LIST}?page_size=4{query}", []
    while url:
        found.append(client.get(url).json())
        url = found[-1]["next"]
    return found


@estimated
@pytest.mark.parametrize("query", ["", "&search=row", "&ordering=name"])
def test_beyond_the_number_it_is_an_estimate_and_says_so(as_owner: APIClient, query: str) -> None:
    analyze()
    first = as_owner.get(f"{LIST}?page_size=4{query}").json()
    assert list(first) == ["count", "count_is_exact", "next", "previous", "results"]
    assert first["count_is_exact"] is False
    assert first["count"] > 10


def analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE customers_customer")


def counted(client: APIClient) -> tuple[dict[str, Any], bool]:
    """The list, and whether its rows were counted for it."""
    with CaptureQueriesContext(connection) as statements:
        page = client.get(f"{LIST}?page_size=4").json()
    return page, any("COUNT(*)" in query["sql"] for query in statements.captured_queries)


@estimated
def test_a_desk_that_is_far_larger_is_not_counted_for_each_page(as_owner: APIClient, as_stranger: APIClient) -> None:
    analyze()
    first, was_counted = counted(as_owner)
    assert was_counted
    assert counted(as_owner) == (first, False)
    assert counted(as_stranger)[0]["count"] == 0, "everybody's desk is their own"


@estimated
def test_a_desk_that_is_not_far_larger_is_counted_each_time(
    as_owner: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyze()
    monkeypatch.setattr(pagination, "COUNTED_EXACTLY", 24)
    assert [counted(as_owner)[1] for _ in range(3)] == [True] * 3
    Customer.objects.filter(first_name="Row 7").delete()
    page, was_counted = counted(as_owner)
    assert (page["count"], "count_is_exact" in page, was_counted) == (24, False, True)


@estimated
@pytest.mark.parametrize("how", ["time", "statistics"])
def test_a_desk_that_shrank_is_counted_again(as_owner: APIClient, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    analyze()
    counted(as_owner)
    assert not counted(as_owner)[1]
    Customer.objects.exclude(first_name__in=[f"Row {n}" for n in range(7)]).delete()
    if how == "time":
        monkeypatch.setattr(WholeDesk, "RECOUNT_SECONDS", 0)
    else:
        assert not counted(as_owner)[1], "the estimate is not asked for again at once"
        monkeypatch.setattr(WholeDesk, "ESTIMATE_SECONDS", 0)
        analyze()
    page, was_counted = counted(as_owner)
    assert (page["count"], "count_is_exact" in page, was_counted) == (7, False, True)


@pytest.mark.parametrize("at_once", [6, 24, 25])
@pytest.mark.parametrize("query", ["", "&search=row", "&ordering=name", "&ordering=-unread_count"])
def test_the_pages_hold_every_row_once(
    as_owner: APIClient, monkeypatch: pytest.MonkeyPatch, query: str, at_once: int
) -> None:
    monkeypatch.setattr(DeskPages, "AT_ONCE", at_once)
    found = pages(as_owner, query)
    ids = [row["id"] for page in found for row in page["results"]]
    assert len(ids) == len(set(ids)) == 25
    assert [len(page["results"]) for page in found] == [4, 4, 4, 4, 4, 4, 1]
    assert found[-1]["count"] == 25
    assert "count_is_exact" not in found[-1], "the last page knows"


@estimated
@pytest.mark.parametrize("query", ["", "&search=row", "&ordering=name"])
def test_a_row_that_goes_while_its_page_is_read_does_not_end_the_list(
    as_owner: APIClient, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    analyze()
    shaped = rows._shaped
    # As when somebody erased one after the ids were read, or a row was handed over: it is not there any longer.
    monkeypatch.setattr(rows, "_shaped", lambda found: shaped(found[1:] if len(found) > 1 else found))
    page = as_owner.get(f"{LIST}?page_size=4&page=2{query}").json()
    assert len(page["results"]) == 4
    assert page["next"] is not None
    assert page["count_is_exact"] is False
    assert page["count"] > 8


@estimated
def test_what_postgresql_cannot_guess_is_counted_so_far(
    as_owner: APIClient, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It expects half of all for "this source, or one of these tags", also beside another source."""
    monkeypatch.setattr(DeskPages, "AT_ONCE", 2)
    monkeypatch.setattr(Pages, "SOON", 2)
    monkeypatch.setattr(Pages, "estimate", lambda self: 1_000)
    ensure_system_tags()
    Customer.objects.update(source="telegram")
    whatsapp, telegram = (Tag.objects.get(source=source).pk for source in ("whatsapp", "telegram"))
    tag = Tag.objects.create(name="VIP", created_by=owner)
    for customer in Customer.objects.filter(first_name__in=["Row 1", "Row 2", "Row 3"]):
        CustomerTag.objects.create(customer=customer, tag=tag)
    page = as_owner.get(f"{LIST}?page_size=2&source=telegram&tag_any={tag.pk},{whatsapp}").json()
    assert (page["count"], "count_is_exact" in page) == (3, False)
    every = as_owner.get(f"{LIST}?tag_any={tag.pk},{telegram}&page_size=4").json()
    assert (every["count"], every["count_is_exact"]) == (1_000, False), "more than are counted"


def test_a_page_behind_the_last_one_is_not_found(as_owner: APIClient) -> None:
    for number in (8, 9, 10**9, 10**9 + 1, 10**30, 0, -1, "x"):
        answer = as_owner.get(f"{LIST}?page_size=4&page={number}")
        refused = {"detail": "Invalid page.", "code": "not_found"}
        assert (answer.status_code, answer.json()) == (404, refused), number


def test_the_truth_is_there_for_who_asks(as_owner: APIClient, as_admin: APIClient) -> None:
    for client, count in ((as_owner, 25), (as_admin, 28)):
        page = client.get(f"{LIST}?count=exact").json()
        assert (page["count"], "count_is_exact" in page) == (count, False)
        last = client.get(f"{LIST}?page=last&page_size=4").json()
        assert (last["count"], last["next"]) == (count, None)


def test_few_rows_are_counted(as_stranger: APIClient, stranger: User) -> None:
    assert as_stranger.get(LIST).json() == {"count": 0, "next": None, "previous": None, "results": []}
    Customer.objects.bulk_create(Customer(owner=stranger) for _ in range(10))
    page = as_stranger.get(LIST).json()
    assert (page["count"], len(page["results"]), "count_is_exact" in page) == (10, 10, False)


def test_another_word_is_refused(as_owner: APIClient) -> None:
    answer = as_owner.get(f"{LIST}?count=about")
    assert (answer.status_code, answer.json()) == (400, {"count": ["Must be exact, or left out."]})


def test_swagger_knows_it() -> None:
    schema = swagger()
    listed = schema["paths"]["/customers/"]["get"]
    parameter = next(one for one in listed["parameters"] if one["name"] == "count")
    assert parameter["enum"] == ["exact"]
    assert listed["responses"]["200"]["schema"] == {"$ref": "#/definitions/DeskCustomerPage"}
    page = schema["definitions"]["DeskCustomerPage"]
    assert page["properties"]["count_is_exact"]["type"] == "boolean"
    assert page["required"] == ["count", "next", "previous", "results"]
