"""Entering the history of a chat in the middle: `?around=` and `?before_date=`."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from customers.models import Customer
from messaging.models import Message


def ids(response: Any) -> list[int]:
    return [row["id"] for row in response.json()["results"]]


@pytest.fixture
def sent(customer: Customer, says: Any) -> list[int]:
    """Nine messages, oldest first; the middle ones at the very same time."""
    found = [says(customer, f"message {n}") for n in range(9)]
    same = Message.objects.get(pk=found[4]).ordered_at
    Message.objects.filter(pk__in=found[3:6]).update(ordered_at=same)
    return found


@pytest.fixture
def url(customer: Customer) -> str:
    return f"/api/customers/{customer.pk}/messages/"


@pytest.mark.parametrize(
    ("index", "size", "shown"),
    [
        (4, 5, [6, 5, 4, 3, 2]),
        (4, 4, [5, 4, 3, 2]),
        (4, 1, [4]),
        (4, 2, [4, 3]),
        (8, 4, [8, 7, 6, 5]),
        (7, 5, [8, 7, 6, 5, 4]),
        (0, 4, [3, 2, 1, 0]),
        (1, 5, [4, 3, 2, 1, 0]),
        (4, 20, [8, 7, 6, 5, 4, 3, 2, 1, 0]),
    ],
)
def test_the_page_around_a_message(
    as_owner: APIClient, url: str, sent: list[int], index: int, size: int, shown: list[int]
) -> None:
    page = as_owner.get(url, {"around": sent[index], "page_size": size})

    assert ids(page) == [sent[n] for n in shown]
    assert (page.json()["previous"] is None) == (shown[0] == 8)
    assert (page.json()["next"] is None) == (shown[-1] == 0)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_its_links_lead_to_both_ends(as_owner: APIClient, url: str, sent: list[int], size: int) -> None:
    first = as_owner.get(url, {"around": sent[4], "page_size": size})
    seen, answer = ids(first), first
    while answer.json()["next"]:
        answer = as_owner.get(answer.json()["next"])
        seen += ids(answer)
    answer = first
    while answer.json()["previous"]:
        answer = as_owner.get(answer.json()["previous"])
        seen = ids(answer) + seen

    assert seen == sent[::-1]


def test_with_filters_the_page_is_one_of_what_they_leave(as_owner: APIClient, url: str, sent: list[int]) -> None:
    Message.objects.filter(pk__in=sent[::2]).update(type="image")

    assert ids(as_owner.get(url, {"around": sent[4], "type": "image", "page_size": 3})) == [sent[6], sent[4], sent[2]]
    assert as_owner.get(url, {"around": sent[3], "type": "image"}).status_code == 404


def test_who_is_in_another_chat_is_as_one_who_does_not_exist(
    as_owner: APIClient, url: str, sent: list[int], says: Any, owner: Any
) -> None:
    foreign = says(Customer.objects.create(first_name="Somebody else", owner=owner))
    reaction = Message.objects.get(pk=sent[0])
    reaction.pk, reaction.wamid, reaction.type, reaction.direction = None, None, "reaction", "outbound"
    reaction.save()

    for pk in (foreign, reaction.pk, 987654, 10**18):
        answer = as_owner.get(url, {"around": pk})
        assert (answer.status_code, answer.json()["detail"]) == (404, "Not found.")


@pytest.mark.parametrize("wanted", ["x", "-1", "1.5", "", "9" * 30])
def test_what_is_no_id_is_refused(as_owner: APIClient, url: str, sent: list[int], wanted: str) -> None:
    answer = as_owner.get(url, {"around": wanted})
    assert (answer.status_code, list(answer.json())) == (400, ["around"])


def test_not_together_with_a_cursor(as_owner: APIClient, url: str, sent: list[int]) -> None:
    first = as_owner.get(url, {"page_size": 2}).json()
    answer = as_owner.get(f"{first['next']}&around={sent[4]}")
    assert (answer.status_code, list(answer.json())) == (400, ["around"])


def test_others_learn_nothing(as_stranger: APIClient, url: str, sent: list[int]) -> None:
    assert as_stranger.get(url, {"around": sent[4]}).status_code == 404


def test_a_longer_page_costs_no_more_statements(
    as_owner: APIClient, url: str, sent: list[int], django_assert_num_queries: Any
) -> None:
    for size in (2, 9):
        with django_assert_num_queries(5):  # the session, the customer, the message, and what is on either side
            as_owner.get(url, {"around": sent[4], "page_size": size})


@pytest.mark.parametrize("path", ["/api/messages/", "/api/customers/{}/messages/"])
def test_before_a_day(as_owner: APIClient, customer: Customer, says: Any, path: str) -> None:
    day = datetime(2026, 1, 15, tzinfo=UTC)
    moments = [day - timedelta(days=3), day - timedelta(microseconds=1), day, day + timedelta(hours=5)]
    found = [says(customer) for _ in moments]
    for pk, at in zip(found, moments, strict=True):
        Message.objects.filter(pk=pk).update(ordered_at=at)
    url = path.format(customer.pk)

    assert ids(as_owner.get(url, {"before_date": "2026-01-15"})) == [found[1], found[0]]
    assert ids(as_owner.get(url, {"before_date": "2026-01-16"})) == found[::-1]
    first = as_owner.get(url, {"before_date": "2026-01-16", "page_size": 3})
    assert ids(as_owner.get(first.json()["next"])) == [found[0]]


@pytest.mark.parametrize("day", ["15.01.2026", "2026-02-30", "2026-01-15T10:00:00Z", "01/15/2026", "yesterday"])
def test_what_is_no_date_is_refused(as_owner: APIClient, url: str, sent: list[int], day: str) -> None:
    answer = as_owner.get(url, {"before_date": day})
    assert (answer.status_code, answer.json()["before_date"]) == (400, ["Give a date like 2026-01-31."])
