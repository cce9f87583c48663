"""GET /api/customers/{id}/events/: what sockets say, over REST."""

from typing import Any

import pytest
from django.db import transaction
from rest_framework.test import APIClient

from customers import events
from customers.actions.locking import lock
from customers.models import Customer
from messaging.desk import events_view


@pytest.fixture
def history(customer: Customer) -> Customer:
    """`customer` with seven events."""
    with transaction.atomic():
        locked = lock(customer.pk)
        for number in range(1, 8):
            events.record(locked, "customer_updated", {"number": number})
    return customer


def url(customer: Customer, after: Any = None) -> str:
    return f"/api/customers/{customer.pk}/events/" + ("" if after is None else f"?after={after}")


def test_all_of_them_oldest_first(as_owner: APIClient, history: Customer) -> None:
    answer = as_owner.get(url(history)).json()

    assert [frame["seq"] for frame in answer["results"]] == [1, 2, 3, 4, 5, 6, 7]
    assert (answer["last_seq"], answer["has_more"]) == (7, False)
    assert set(answer["results"][0]) == {"type", "seq", "at", "actor", "data"}
    assert answer["results"][0]["data"] == {"number": 1}
    assert answer["results"][0]["actor"] is None
    assert answer["results"][0]["at"].endswith("Z")


@pytest.mark.parametrize(("after", "seqs"), [(0, [1, 2, 3, 4, 5, 6, 7]), (5, [6, 7]), (7, []), (2**63 - 1, [])])
def test_after(as_admin: APIClient, history: Customer, after: int, seqs: list[int]) -> None:
    answer = as_admin.get(url(history, after)).json()

    assert [frame["seq"] for frame in answer["results"]] == seqs
    assert answer["last_seq"] == 7


def test_in_pieces(as_owner: APIClient, history: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events_view, "MAX_EVENTS", 3)
    seen: list[int] = []
    more = True
    while more:
        answer = as_owner.get(url(history, seen[-1] if seen else 0)).json()
        seen += [frame["seq"] for frame in answer["results"]]
        more = answer["has_more"]
    assert seen == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("after", ["x", "-1", "1.5", 2**63, 10**30, "9" * 5000, "", "%C2%B2", "%D9%A3", "1%20"])
def test_bad_cursors_are_refused(as_owner: APIClient, history: Customer, after: Any) -> None:
    response = as_owner.get(url(history, after))

    assert response.status_code == 400
    assert list(response.json()) == ["after"]


@pytest.mark.parametrize(("client_fixture", "status"), [("as_stranger", 404), ("as_customer", 403), ("anonymous", 401)])
def test_others_learn_nothing(
    client_fixture: str, status: int, history: Customer, request: pytest.FixtureRequest
) -> None:
    assert request.getfixturevalue(client_fixture).get(url(history)).status_code == status
