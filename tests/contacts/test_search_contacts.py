"""`GET /api/contacts/?search=`: words that stand in two tables, however many contacts have them."""

from typing import Any

import pytest
from django.db import connection

from contacts import pages, search
from contacts.models import Contact
from core import pagination
from customers.models import Customer, customers
from tests.test_plans import plans

URL = "/api/contacts/"


@pytest.fixture
def many(other_customer: Customer, customer: Customer, new_contact: Any) -> list[Contact]:
    """Five contacts with a common word in their emails, and one without. Both customers have it in their names."""
    Customer.objects.update(first_name="Wholesale")
    found = [new_contact(customer, number, email=f"wholesale{number}@shop.example") for number in range(5)]
    return [*found, new_contact(other_customer, 9, email="rare@shop.example")]


@pytest.fixture
def few_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (search, pages, pagination):
        monkeypatch.setattr(module, "COUNTED_EXACTLY", 3)


def answer(client: Any, query: str) -> Any:
    response = client.get(f"{URL}?{query}")
    assert response.status_code == 200, response.json()
    return response.json()["data"]


def ids(client: Any, query: str) -> list[int]:
    return [row["id"] for row in answer(client, query)["results"]]


def newest_first(contacts: list[Contact]) -> list[int]:
    return [contact.pk for contact in reversed(contacts)]


def test_a_word_is_found_in_the_contact_and_in_its_customer(as_admin: Any, many: list[Contact]) -> None:
    assert ids(as_admin, "search=wholesale") == newest_first(many)


@pytest.mark.parametrize("query", ["search=wholesale rare", "search=rare wholesale", "search=ra whole"])
def test_words_are_found_one_here_and_one_there(as_admin: Any, many: list[Contact], query: str) -> None:
    assert ids(as_admin, query) == [many[-1].pk]


def test_a_search_goes_with_other_filters(as_admin: Any, as_stranger: Any, many: list[Contact]) -> None:
    Contact.objects.filter(pk=many[0].pk).update(is_active=False)

    assert ids(as_admin, "search=wholesale&is_active=false") == [many[0].pk]
    assert ids(as_admin, f"search=wholesale&customer_id={many[-1].customer_id}") == [many[-1].pk]
    assert ids(as_stranger, "search=wholesale") == [many[-1].pk]


@pytest.mark.usefixtures("few_are_counted")
def test_more_than_are_counted_are_read_in_their_order(as_admin: Any, many: list[Contact]) -> None:
    first, second = (answer(as_admin, f"search=wholesale&page_size=4&page={page}") for page in (1, 2))

    assert [row["id"] for row in first["results"] + second["results"]] == newest_first(many)
    assert first.get("count_is_exact", True) is (connection.vendor != "postgresql")
    assert (second["count"], "count_is_exact" in second) == (6, False), "the last page knows"
    assert answer(as_admin, "search=wholesale&count=exact")["count"] == 6
    assert ids(as_admin, "search=wholesale rare") == [many[-1].pk]


def test_pages_of_what_was_found(as_admin: Any, many: list[Contact]) -> None:
    pages = [answer(as_admin, f"search=wholesale&page_size=2&page={page}") for page in (1, 2, 3)]

    assert [row["id"] for page in pages for row in page["results"]] == newest_first(many)
    assert {page["count"] for page in pages} == {6}
    assert as_admin.get(f"{URL}?search=wholesale&page_size=2&page=4").status_code == 404


def test_short_words_are_looked_for_first_on_the_desk(
    as_admin: Any, many: list[Contact], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ids(as_admin, "search=wh") == newest_first(many)
    monkeypatch.setattr(customers, "FIRST_ON_DESK", 1)

    # Of two without a message, the newer customer is first.
    first = max(contact.customer_id for contact in many)
    assert ids(as_admin, "search=wh") == newest_first([contact for contact in many if contact.customer_id == first])


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no such indexes")
@pytest.mark.parametrize("text", ["wholesale3", "77000000", "0770000003"])
def test_indexes_know_parts_of_emails_and_numbers(as_admin: Any, many: list[Contact], text: str) -> None:
    avoid = ("seqscan", "indexscan", "indexonlyscan")
    plan = plans(as_admin, f"{URL}?search={text}", "contacts_contact", avoid=avoid)

    for index in ("contact_folded_trgm", "contact_wa_number_trgm", "contact_tp_number_trgm"):
        assert index in plan, plan
