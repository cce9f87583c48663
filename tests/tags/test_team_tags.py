"""The team's tags: listed, made, renamed, deleted."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from core.timestamps import iso
from customers.models import Customer, Event
from tags.models import CustomerTag, Tag
from tests.tags.expected import API, names, shown, snapshot

TAGS = f"{API}/tags/"
SYSTEM = {"error": "System tags cannot be modified or deleted"}
NOT_MINE = {"error": "You don't have permission to modify this tag"}
TAKEN = "A tag with this name already exists: "


def one(tag: Tag | int) -> str:
    return f"{TAGS}{tag if isinstance(tag, int) else tag.pk}/"


# --- reading ---


def test_the_list_is_a_bare_array(as_owner: Any, as_stranger: Any, system: Any, new_tag: Any) -> None:
    vip, blue = new_tag("VIP"), new_tag("blue")
    expected = [shown(tag) for tag in (blue, system["instagram"], system["telegram"], vip, system["whatsapp"])]
    for client in (as_owner, as_stranger):
        response = client.get(TAGS)
        assert (response.status_code, response.json()) == (200, expected)
    assert as_owner.get(TAGS.rstrip("/")).json() == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("search=I", ["Instagram", "VIP"]),
        ("search=nobody", []),
        ("search=ip&ordering=-name", ["VIP"]),
        ("ordering=-name", ["Whatsapp", "VIP", "Telegram", "Instagram", "blue"]),
        ("ordering=-created_at", ["blue", "VIP", "Instagram", "Telegram", "Whatsapp"]),
        ("created_at=2024-01-15", ["VIP"]),
        ("created_at=2023-01-01", []),
        ("created_at=", ["blue", "Instagram", "Telegram", "VIP", "Whatsapp"]),
    ],
)
def test_filters(as_owner: Any, new_tag: Any, query: str, expected: list[str]) -> None:
    vip, _ = new_tag("VIP"), new_tag("blue")
    times = {"Whatsapp": 10, "Telegram": 11, "Instagram": 12, "VIP": 15, "blue": 20}
    for name, day in times.items():
        Tag.objects.filter(name=name).update(created_at=f"2024-01-{day}T23:59:59Z")
    vip.refresh_from_db()
    assert iso(vip.created_at) == "2024-01-15T23:59:59Z"

    response = as_owner.get(f"{TAGS}?{query}")

    assert response.status_code == 200
    assert names(response.json()) == expected


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("created_at=yesterday", "created_at: Enter a day as YYYY-MM-DD."),
        ("created_at=01/15/2024", "created_at: Enter a day as YYYY-MM-DD."),
        ("ordering=colour", "ordering: Cannot order by colour. Choose from: name, created_at."),
        ("ordering=-name,pk", "ordering: Cannot order by pk. Choose from: name, created_at."),
        ("with_counts=perhaps", "with_counts: Must be true or false."),
    ],
)
def test_unknown_values_in_filters_are_refused(as_owner: Any, query: str, error: str) -> None:
    response = as_owner.get(f"{TAGS}?{query}")
    assert (response.status_code, response.json()) == (400, {"error": error})


def test_one_tag(as_owner: Any, as_stranger: Any, new_tag: Any) -> None:
    vip = new_tag("VIP")
    assert as_stranger.get(one(vip)).json() == shown(vip)
    assert as_owner.get(one(vip).rstrip("/")).json() == shown(vip)
    response = as_owner.get(one(987654))
    assert (response.status_code, response.json()) == (404, {"error": "Tag with ID 987654 not found"})
    assert as_owner.get(f"{TAGS}{'9' * 5000}/").status_code == 404


def test_counts_are_of_the_callers_desk(
    as_owner: Any, as_stranger: Any, as_admin: Any, customer: Customer, foreign: Customer, system: Any, new_tag: Any
) -> None:
    both = new_tag("Both", customer, foreign)
    new_tag("Mine", customer)
    new_tag("Nobody's")
    Customer.objects.create(first_name="Nobody's", source="whatsapp")

    def counts(client: Any) -> dict[str, int]:
        with CaptureQueriesContext(connection) as queries:
            body = client.get(f"{TAGS}?with_counts=true").json()
        assert len(queries) == 4, "session, tags, given ones by tag, customers by source"
        assert all(set(tag) == {*shown(both), "customer_count"} for tag in body)
        return {tag["name"]: tag["customer_count"] for tag in body}

    nothing = {"Instagram": 0, "Nobody's": 0}
    assert counts(as_owner) == {**nothing, "Both": 1, "Mine": 1, "Whatsapp": 1, "Telegram": 0}
    assert counts(as_stranger) == {**nothing, "Both": 1, "Mine": 0, "Whatsapp": 0, "Telegram": 1}
    assert counts(as_admin) == {**nothing, "Both": 2, "Mine": 1, "Whatsapp": 2, "Telegram": 1}
    assert as_admin.get(f"{one(both)}?with_counts=true").json() == {**shown(both), "customer_count": 2}
    assert "customer_count" not in as_admin.get(f"{TAGS}?with_counts=false").json()[0]


# --- making ---


def test_making_one(as_owner: Any, owner: User) -> None:
    response = as_owner.post(TAGS, {"name": "  VIP \n"})
    vip = Tag.objects.get(name="VIP")
    assert response.status_code == 201
    assert response.json() == shown(vip)
    assert (vip.created_by, vip.source) == (owner, None)


def test_making_several(as_owner: Any) -> None:
    response = as_owner.post(TAGS.rstrip("/"), {"names": ["VIP", " Premium "]})
    assert response.status_code == 201
    assert response.json() == [shown(Tag.objects.get(name=name)) for name in ("VIP", "Premium")]
    assert as_owner.post(TAGS, {"names": ["Alone"]}).json() == [shown(Tag.objects.get(name="Alone"))]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"name": "vip"}, f"{TAKEN}vip"),
        ({"name": " VIP "}, f"{TAKEN}VIP"),
        ({"name": "whatsAPP"}, f"{TAKEN}whatsAPP"),
        ({"name": "STRASSE"}, f"{TAKEN}STRASSE"),
        ({"name": "ÉTÉ"}, f"{TAKEN}ÉTÉ"),
        ({"name": "e\u0301te\u0301"}, f"{TAKEN}e\u0301te\u0301"),
        ({"names": ["New", "vip", "été"]}, f"{TAKEN}vip, été"),
        ({"names": ["New", "new "]}, "The list contains the same name twice. Upper and lower case make no difference."),
        ({"name": ""}, "name: This field may not be blank."),
        ({"name": " \t\n "}, "name: This field may not be blank."),
        ({"name": "\u200b"}, "name: Give at least one visible character."),
        ({"name": "a\nb"}, "name: Line breaks and other control characters are not allowed here."),
        ({"name": None}, "name: This field may not be null."),
        ({"name": True}, "name: Not a valid string."),
        ({"name": ["VIP"]}, "name: Not a valid string."),
        ({"name": "x" * 101}, "name: Ensure this field has no more than 100 characters."),
        ({"name": "nul\x00"}, "Text may not contain NUL characters or lone surrogates."),
        ({"names": []}, "names: This list may not be empty."),
        ({"names": "New"}, 'names: Expected a list of items but got type "str".'),
        ({"names": ["New", ""]}, "names: 1: This field may not be blank."),
        ({"names": [f"T{number}" for number in range(201)]}, "names: Ensure this field has no more than 200 elements."),
        ({"name": "New", "names": ["Newer"]}, "Give either name or names."),
        ({}, "Give either name or names."),
        ([], "Invalid data. Expected a dictionary, but got list."),
    ],
)
def test_names_that_are_refused(as_owner: Any, new_tag: Any, body: Any, error: str) -> None:
    for name in ("VIP", "été", "straße"):
        new_tag(name)
    before = snapshot()

    response = as_owner.post(TAGS, body)

    assert (response.status_code, response.json()) == (400, {"error": error})
    assert snapshot() == before


def test_long_names_that_grow_when_folded(as_owner: Any) -> None:
    assert as_owner.post(TAGS, {"name": "ΐ" * 100}).status_code == 201


# --- renaming ---


def test_renaming(as_owner: Any, as_admin: Any, customer: Customer, new_tag: Any) -> None:
    vip = new_tag("VIP", customer)
    for client, name in ((as_owner, "vip"), (as_owner, " Gold "), (as_admin, "Platinum"), (as_admin, "Platinum")):
        response = client.put(one(vip), {"name": name})
        vip.refresh_from_db()
        assert (response.status_code, response.json()) == (200, shown(vip))
        assert vip.name == name.strip()
    assert as_owner.get(f"{TAGS}?search=plat").json() == [shown(vip)]
    assert not Event.objects.exists()


def test_renaming_is_refused(as_owner: Any, as_stranger: Any, as_admin: Any, system: Any, new_tag: Any) -> None:
    vip, other, nobodys = new_tag("VIP"), new_tag("Other"), new_tag("Nobody's", created_by=None)
    before = snapshot()
    calls = [
        (as_owner, vip, {"name": "OTHER"}, 400, {"error": f"{TAKEN}OTHER"}),
        (as_owner, vip, {"name": "whatsapp"}, 400, {"error": f"{TAKEN}whatsapp"}),
        (as_owner, vip, {"name": " "}, 400, {"error": "name: This field may not be blank."}),
        (as_owner, vip, {}, 400, {"error": "name: This field is required."}),
        (as_stranger, vip, {"name": "Mine"}, 403, NOT_MINE),
        (as_stranger, vip, {"name": ""}, 403, NOT_MINE),
        (as_owner, nobodys, {"name": "Mine"}, 403, NOT_MINE),
        (as_owner, 987654, {"name": "Mine"}, 404, {"error": "Tag with ID 987654 not found"}),
    ]
    calls += [
        (client, tag, {"name": "Renamed"}, 403, SYSTEM) for client in (as_owner, as_admin) for tag in system.values()
    ]
    for client, tag, body, status, error in calls:
        response = client.put(one(tag), body)
        assert (response.status_code, response.json()) == (status, error)
    assert snapshot() == before
    assert as_owner.patch(one(other), {"name": "New"}).json() == {"error": 'Method "PATCH" not allowed.'}


# --- deleting ---


def test_deleting(as_owner: Any, as_admin: Any, customer: Customer, new_tag: Any) -> None:
    for client in (as_owner, as_admin):
        vip = new_tag("VIP", customer)
        response = client.delete(one(vip))
        assert response.status_code == 200
        assert response.json() == {"message": "Tag 'VIP' deleted successfully", "tag_name": "VIP"}
        assert client.delete(one(vip)).json() == {"error": f"Tag with ID {vip.pk} not found"}
    assert not CustomerTag.objects.exists()
    assert not Event.objects.exists()


def test_deleting_is_refused(as_owner: Any, as_stranger: Any, as_admin: Any, system: Any, new_tag: Any) -> None:
    vip = new_tag("VIP")
    before = snapshot()
    assert as_stranger.delete(one(vip)).json() == NOT_MINE
    for tag in system.values():
        response = as_admin.delete(one(tag))
        assert (response.status_code, response.json()) == (403, SYSTEM)
    assert as_owner.delete(one(987654)).status_code == 404
    assert snapshot() == before


def test_deleting_many(as_owner: Any, stranger: User, customer: Customer, system: Any, new_tag: Any) -> None:
    vip, premium = new_tag("VIP", customer), new_tag("Premium", customer)
    theirs = new_tag("Theirs", created_by=stranger)
    ids = [vip.pk, 10**25, system["telegram"].pk, theirs.pk, premium.pk, 987654, vip.pk]

    response = as_owner.post(f"{TAGS}bulk-delete/", {"tag_ids": ids})

    assert response.status_code == 200
    assert response.json() == {
        "message": "Successfully deleted 2 tag(s)",
        "deleted_count": 2,
        "deleted_tags": ["VIP", "Premium"],
        "skipped_tags": ["Telegram", f"Tag IDs not found or not owned: {[theirs.pk, 987654, 10**25]}"],
    }
    assert set(Tag.objects.all()) == {theirs, *system.values()}


def test_deleting_all_or_none_of_them(as_admin: Any, stranger: User, new_tag: Any, system: Any) -> None:
    theirs = new_tag("Theirs", created_by=stranger)
    body = as_admin.post(f"{TAGS}bulk-delete", {"tag_ids": [theirs.pk]}).json()
    assert (body["deleted_tags"], body["skipped_tags"]) == (["Theirs"], [])
    body = as_admin.post(f"{TAGS}bulk-delete/", {"tag_ids": [system["whatsapp"].pk]}).json()
    assert body == {
        "message": "Successfully deleted 0 tag(s)",
        "deleted_count": 0,
        "deleted_tags": [],
        "skipped_tags": ["Whatsapp"],
    }


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "tag_ids must be a list of integers"),
        ({"tag_ids": [True]}, "tag_ids must be a list of integers"),
        ({"tag_ids": [1.5]}, "tag_ids must be a list of integers"),
        ({"tag_ids": []}, "tag_ids cannot be empty"),
        ({"tag_ids": list(range(201))}, "tag_ids may hold at most 200 integers"),
    ],
)
def test_deleting_many_is_refused(as_owner: Any, new_tag: Any, body: Any, error: str) -> None:
    new_tag("VIP")
    before = snapshot()
    response = as_owner.post(f"{TAGS}bulk-delete/", body)
    assert (response.status_code, response.json()) == (400, {"error": error})
    assert snapshot() == before


def test_deleting_costs_the_same_however_many_carry_it(as_owner: Any, customer: Customer, new_tag: Any) -> None:
    people = Customer.objects.bulk_create([Customer(first_name=f"P{number}") for number in range(300)])
    costs = []
    for holders in ([customer], people):
        tag = new_tag("VIP", *holders)
        with CaptureQueriesContext(connection) as queries:
            assert as_owner.delete(one(tag)).status_code == 200
        costs.append(len(queries))
        assert not any("SELECT" in query["sql"] and "tags_customertag" in query["sql"] for query in queries)
    assert costs[0] == costs[1]


def test_customers_are_refused(as_customer: Any, system: Any, new_tag: Any) -> None:
    vip = new_tag("VIP")
    before = snapshot()
    calls = [
        as_customer.get(TAGS),
        as_customer.post(TAGS, {"name": "Mine"}),
        as_customer.get(one(vip)),
        as_customer.put(one(vip), {"name": "Mine"}),
        as_customer.delete(one(vip)),
        as_customer.post(f"{TAGS}bulk-delete/", {"tag_ids": [vip.pk]}),
        as_customer.post(f"{one(vip)}customers/", {"customer_ids": [1], "action": "add"}),
    ]
    for response in calls:
        assert response.status_code == 403
        assert response.json() == {"error": "You do not have permission to perform this action."}
    assert snapshot() == before
