"""`POST /api/v1/msg/tags/{id}/customers/`: one tag on many customers, each by the rules for one."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from customers.models import Customer, Event
from tags.models import CustomerTag, Tag
from tests.tags.expected import API, names, shown, snapshot


def path_to(tag: Tag | int) -> str:
    return f"{API}/tags/{tag if isinstance(tag, int) else tag.pk}/customers/"


@pytest.fixture
def people(owner: User) -> list[Customer]:
    return [Customer.objects.create(first_name=f"P{number}", owner=owner, source="telegram") for number in range(3)]


def test_adding(as_owner: Any, owner: User, people: Any, foreign: Customer, system: Any, new_tag: Any) -> None:
    vip, blue = new_tag("VIP", people[1]), new_tag("blue", people[0])
    ids = [people[2].pk, people[0].pk, people[1].pk, foreign.pk, 987654, 10**25, 0, people[0].pk]

    response = as_owner.post(path_to(vip), {"customer_ids": ids, "action": "add"})

    assert response.status_code == 200
    # Somebody else's and nobody's look the same.
    refused = {"success": False, "error": "You don't have permission to access this customer"}
    assert response.json() == {
        "message": 'Successfully added tag "VIP" to 2 customer(s)',
        "tag": shown(vip),
        "changed_count": 2,
        "results": [
            {"customer_id": people[2].pk, "success": True},
            {"customer_id": people[0].pk, "success": True},
            {"customer_id": people[1].pk, "success": False, "error": "Tag already exists on customer"},
            {"customer_id": foreign.pk, **refused},
            {"customer_id": 987654, **refused},
            {"customer_id": 10**25, **refused},
            {"customer_id": 0, **refused},
        ],
    }
    assert set(CustomerTag.objects.filter(tag=vip).values_list("customer", flat=True)) == {p.pk for p in people}
    event = Event.objects.get(customer=people[0])
    assert (event.type, event.actor, event.seq) == ("tags_changed", owner, 1)
    assert event.data == {
        "tags": [shown(tag) for tag in (blue, system["telegram"], vip)],
        "added": [shown(vip)],
        "removed": [],
    }
    assert names(Event.objects.get(customer=people[2]).data["tags"]) == ["Telegram", "VIP"]
    assert Event.objects.count() == 2


def test_admins_are_told_that_there_is_nobody(as_admin: Any, foreign: Customer, new_tag: Any) -> None:
    body = {"customer_ids": [foreign.pk, 987654], "action": "add"}

    results = as_admin.post(path_to(new_tag("VIP")), body).json()["results"]

    assert results[0] == {"customer_id": foreign.pk, "success": True}
    assert results[1] == {"customer_id": 987654, "success": False, "error": "Customer not found"}


def test_removing(as_owner: Any, people: Any, foreign: Customer, new_tag: Any) -> None:
    vip = new_tag("VIP", people[0], people[1], foreign)
    ids = [person.pk for person in people] + [foreign.pk]

    response = as_owner.post(path_to(vip).rstrip("/"), {"customer_ids": ids, "action": "remove"})

    body = response.json()
    assert body["message"] == 'Successfully removed tag "VIP" from 2 customer(s)'
    assert [result["success"] for result in body["results"]] == [True, True, False, False]
    assert [result.get("error") for result in body["results"][2:]] == [
        "Tag doesn't exist on customer",
        "You don't have permission to access this customer",
    ]
    assert list(CustomerTag.objects.values_list("customer", flat=True)) == [foreign.pk]
    assert [names(event.data["removed"]) for event in Event.objects.all()] == [["VIP"], ["VIP"]]
    again = as_owner.post(path_to(vip), {"customer_ids": ids, "action": "remove"}).json()
    assert again["changed_count"] == 0
    assert Event.objects.count() == 2, "nothing changed"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "customer_ids must be a list of integers"),
        ({"customer_ids": ["1"], "action": "add"}, "customer_ids must be a list of integers"),
        ({"customer_ids": [True], "action": "add"}, "customer_ids must be a list of integers"),
        ({"customer_ids": [], "action": "add"}, "customer_ids cannot be empty"),
        ({"customer_ids": list(range(1001)), "action": "add"}, "customer_ids may hold at most 1000 integers"),
        ({"customer_ids": [1]}, "action must be add or remove"),
        ({"customer_ids": [1], "action": "toggle"}, "action must be add or remove"),
        ({"customer_ids": [1], "action": ["add"]}, "action must be add or remove"),
        ([], "customer_ids must be a list of integers"),
    ],
)
def test_bodies_that_are_refused(as_owner: Any, people: Any, new_tag: Any, body: Any, error: str) -> None:
    vip = new_tag("VIP", people[0])
    before = snapshot()
    response = as_owner.post(path_to(vip), body)
    assert (response.status_code, response.json()) == (400, {"error": error})
    assert snapshot() == before


def test_system_tags_and_missing_ones(as_owner: Any, people: Any, system: Any) -> None:
    ids, before = [person.pk for person in people], snapshot()
    for tag in system.values():
        response = as_owner.post(path_to(tag), {"customer_ids": ids, "action": "add"})
        assert (response.status_code, response.json()) == (400, {"error": "System tags follow the customer's source"})
        response = as_owner.post(path_to(tag), {"customer_ids": ids, "action": "remove"})
        assert response.status_code == 400
        assert response.json() == {"error": "Cannot remove system tags (Telegram, Whatsapp, Instagram)"}
    response = as_owner.post(path_to(987654), {"customer_ids": ids, "action": "add"})
    assert (response.status_code, response.json()) == (404, {"error": "Tag with ID 987654 not found"})
    assert snapshot() == before


def test_a_thousand(as_admin: Any, new_tag: Any) -> None:
    people = Customer.objects.bulk_create([Customer(first_name=f"P{number}") for number in range(1000)])
    vip, ids = new_tag("VIP"), [person.pk for person in people]
    costs = {}
    for count in (50, 100, 1000):
        for action in ("add", "remove"):
            with CaptureQueriesContext(connection) as queries:
                body = as_admin.post(path_to(vip), {"customer_ids": ids[:count], "action": action}).json()
            assert body["changed_count"] == count
            costs[count, action] = len(queries)
    for action in ("add", "remove"):
        # SQLite takes 999 values in a statement: the audit trail of 100 customers needs two.
        assert costs[100, action] - costs[50, action] in (0, 1)
        assert costs[1000, action] < costs[100, action] * 2 + 12  # the trail, see above
    assert Event.objects.filter(customer=people[0]).count() == 6
