"""The six endpoints about a customer's tags: every body, and the events they record."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.actions.merge import merge_customers
from customers.models import Customer, Event
from tags.models import CustomerTag
from tests.tags.expected import API, names, path_of, shown


def events(customer: Customer) -> list[dict[str, Any]]:
    return [
        {"type": event.type, **{part: names(event.data[part]) for part in ("tags", "added", "removed")}}
        for event in Event.objects.filter(customer=customer).order_by("seq")
    ]


def changed(tags: list[str], added: list[str], removed: list[str]) -> dict[str, Any]:
    return {"type": "tags_changed", "tags": tags, "added": added, "removed": removed}


def test_all_tags(as_owner: Any, customer: Customer, system: Any, new_tag: Any) -> None:
    vip, blue = new_tag("VIP", customer), new_tag("blue", customer)
    new_tag("Other")

    response = as_owner.get(path_of(customer))

    assert response.status_code == 200
    expected = [shown(blue), shown(vip), shown(system["whatsapp"])]
    assert response.json() == {"customer_id": customer.pk, "tags": expected, "count": 3}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["blue", "VIP", "Whatsapp", "Émeraude"]),
        ("search=", ["blue", "VIP", "Whatsapp", "Émeraude"]),
        ("search=vI", ["VIP"]),
        ("search=émer", ["Émeraude"]),
        ("search=ÉMER", ["Émeraude"]),
        ("search=%25", []),
        ("search=p", ["VIP", "Whatsapp"]),
        ("ordering=name", ["blue", "VIP", "Whatsapp", "Émeraude"]),
        ("ordering=-name", ["Émeraude", "Whatsapp", "VIP", "blue"]),
        ("ordering=created_at", ["Whatsapp", "VIP", "Émeraude", "blue"]),
        ("ordering=-created_at", ["blue", "Émeraude", "VIP", "Whatsapp"]),
        ("search=e&ordering=-created_at", ["blue", "Émeraude"]),
    ],
)
def test_search_and_order(as_owner: Any, customer: Customer, new_tag: Any, query: str, expected: list[str]) -> None:
    for name in ("VIP", "Émeraude", "blue"):
        new_tag(name, customer)

    body = as_owner.get(f"{path_of(customer)}?{query}").json()

    got = names(body["tags"])
    # Where letters with accents stand depends on the database's collation.
    assert [name for name in got if name.isascii()] == [name for name in expected if name.isascii()]
    assert sorted(got) == sorted(expected)
    assert body["count"] == len(expected)


def test_an_unknown_order_is_refused(as_owner: Any, customer: Customer) -> None:
    response = as_owner.get(f"{path_of(customer)}?ordering=colour")
    assert response.status_code == 400
    assert response.json() == {"error": "ordering: Cannot order by colour. Choose from: name, created_at."}


def test_adding_keeps_what_is_there(as_owner: Any, customer: Customer, system: Any, new_tag: Any) -> None:
    old = new_tag("Old", customer)
    one, two, three = new_tag("One"), new_tag("Two"), new_tag("Three")

    response = as_owner.post(path_of(customer), {"tag_ids": [one.pk, two.pk, three.pk]})

    assert response.status_code == 200
    assert response.json() == {
        "message": "Successfully added 3 tag(s) to customer",
        "customer_id": customer.pk,
        "tags": [shown(tag) for tag in (old, one, three, two, system["whatsapp"])],
    }
    assert as_owner.get(path_of(customer)).json()["tags"] == response.json()["tags"]
    assert events(customer) == [changed(["Old", "One", "Three", "Two", "Whatsapp"], ["One", "Three", "Two"], [])]


def test_the_event_holds_tags_as_rest_shows_them(as_owner: Any, owner: Any, customer: Customer, new_tag: Any) -> None:
    vip = new_tag("VIP")
    as_owner.post(path_of(customer), {"tag_ids": [vip.pk]})
    event = Event.objects.get(customer=customer)
    body = as_owner.get(path_of(customer)).json()
    assert event.data == {"tags": body["tags"], "added": [shown(vip)], "removed": []}
    assert event.actor == owner


def test_adding_counts_what_is_new(as_owner: Any, customer: Customer, system: Any, new_tag: Any) -> None:
    old, new = new_tag("Old", customer), new_tag("New")
    body = {"tag_ids": [new.pk, old.pk, new.pk, system["whatsapp"].pk]}

    response = as_owner.post(path_of(customer), body)

    assert response.json()["message"] == "Successfully added 1 tag(s) to customer"
    assert names(response.json()["tags"]) == ["New", "Old", "Whatsapp"]
    again = as_owner.post(path_of(customer), body)
    assert again.status_code == 200
    assert again.json() == {**response.json(), "message": "Successfully added 0 tag(s) to customer"}
    assert events(customer) == [changed(["New", "Old", "Whatsapp"], ["New"], [])]


def test_replacing(as_owner: Any, customer: Customer, system: Any, new_tag: Any) -> None:
    gone, kept, new = new_tag("Gone", customer), new_tag("Kept", customer), new_tag("New")

    response = as_owner.put(path_of(customer), {"tag_ids": [kept.pk, new.pk, kept.pk]})

    assert response.status_code == 200
    assert response.json() == {
        "message": "Successfully replaced customer tags with 2 tag(s)",
        "customer_id": customer.pk,
        "tags": [shown(kept), shown(new), shown(system["whatsapp"])],
    }
    assert not CustomerTag.objects.filter(tag=gone).exists()
    assert events(customer) == [changed(["Kept", "New", "Whatsapp"], ["New"], ["Gone"])]
    same = as_owner.put(path_of(customer), {"tag_ids": [new.pk, kept.pk, system["whatsapp"].pk]})
    assert same.json()["message"] == "Successfully replaced customer tags with 3 tag(s)"
    assert len(events(customer)) == 1, "nothing changed"


def test_clearing_leaves_the_system_tag(as_owner: Any, customer: Customer, system: Any, new_tag: Any) -> None:
    new_tag("One", customer)
    new_tag("Two", customer)

    for _ in range(2):
        response = as_owner.put(path_of(customer), {"tag_ids": []})
        assert response.status_code == 200
        assert response.json() == {
            "message": "Successfully removed all tags from customer",
            "customer_id": customer.pk,
            "tags": [shown(system["whatsapp"])],
        }
    assert events(customer) == [changed(["Whatsapp"], [], ["One", "Two"])]


def test_removing_the_named(as_owner: Any, customer: Customer, system: Any, new_tag: Any) -> None:
    one, two, left = new_tag("One", customer), new_tag("Two", customer), new_tag("Left", customer)

    response = as_owner.delete(path_of(customer), {"tag_ids": [one.pk, two.pk, one.pk]})

    assert response.status_code == 200
    assert response.json() == {
        "message": "Successfully removed 2 tag(s) from customer",
        "customer_id": customer.pk,
        "tags": [shown(left), shown(system["whatsapp"])],
    }
    assert events(customer) == [changed(["Left", "Whatsapp"], [], ["One", "Two"])]
    again = as_owner.delete(path_of(customer), {"tag_ids": [one.pk]})
    assert (again.status_code, again.json()["message"]) == (200, "Successfully removed 0 tag(s) from customer")
    assert len(events(customer)) == 1, "nothing changed"


def test_adding_one(as_owner: Any, customer: Customer, new_tag: Any) -> None:
    vip = new_tag("VIP")

    response = as_owner.post(path_of(customer, vip))

    assert response.status_code == 200
    assert response.json() == {
        "message": 'Successfully added tag "VIP" to customer',
        "customer_id": customer.pk,
        "tag": shown(vip),
    }
    assert events(customer) == [changed(["VIP", "Whatsapp"], ["VIP"], [])]


def test_removing_one(as_owner: Any, customer: Customer, new_tag: Any) -> None:
    vip = new_tag("VIP", customer)

    response = as_owner.delete(path_of(customer, vip))

    assert response.status_code == 200
    assert response.json() == {"message": 'Successfully removed tag "VIP" from customer', "customer_id": customer.pk}
    assert events(customer) == [changed(["Whatsapp"], [], ["VIP"])]


def test_tags_of_others_may_be_given(as_owner: Any, stranger: Any, customer: Customer, new_tag: Any) -> None:
    theirs = new_tag("Theirs", created_by=stranger)
    assert as_owner.post(path_of(customer, theirs)).status_code == 200


def test_admins_tag_everybody(as_admin: Any, foreign: Customer, customer: Customer, new_tag: Any) -> None:
    vip = new_tag("VIP")
    assert as_admin.post(path_of(foreign), {"tag_ids": [vip.pk]}).status_code == 200
    assert as_admin.delete(path_of(foreign, vip)).status_code == 200
    assert as_admin.put(path_of(customer), {"tag_ids": [vip.pk]}).status_code == 200


@pytest.mark.parametrize("source", ["whatsapp", "telegram", "instagram", "website", "manual"])
def test_system_tags_follow_the_source(as_owner: Any, system: Any, source: str) -> None:
    pk = as_owner.post("/api/customers/", {"name": "New Person", "source": source}).json()["id"]
    body = as_owner.get(f"{API}/customer/{pk}/tags/").json()
    assert body["tags"] == ([shown(system[source])] if source in system else [])
    assert not CustomerTag.objects.exists()


@pytest.mark.parametrize(
    ("source", "tags", "added"), [("telegram", ["Telegram", "VIP"], ["Telegram"]), ("website", ["VIP"], [])]
)
def test_another_source_is_another_tag(
    as_admin: Any, customer: Customer, new_tag: Any, source: str, tags: list[str], added: list[str]
) -> None:
    new_tag("VIP", customer)
    path = f"/api/customers/{customer.pk}/"
    assert names(as_admin.patch(path, {"source": source}).json()["tags"]) == tags
    assert as_admin.patch(path, {"source": source, "notes": "x"}).status_code == 200
    first, second, third = Event.objects.filter(customer=customer).order_by("seq")
    assert (first.type, third.type) == ("customer_updated", "customer_updated")
    assert (second.type, names(second.data["tags"])) == ("tags_changed", tags)
    assert (names(second.data["added"]), names(second.data["removed"])) == (added, ["Whatsapp"])


def test_sources_without_a_tag_record_none(as_admin: Any, new_tag: Any) -> None:
    customer = Customer.objects.create(source="manual")
    as_admin.patch(f"/api/customers/{customer.pk}/", {"source": "website"})
    assert [event.type for event in Event.objects.all()] == ["customer_updated"]


def test_two_rows_that_are_one_person(customer: Customer, foreign: Customer, new_tag: Any) -> None:
    new_tag("Both", customer, foreign)
    new_tag("Mine", customer)
    new_tag("Theirs", foreign)
    merge_customers(gone_id=foreign.pk, into_id=customer.pk, actor=None)
    (event,) = Event.objects.filter(customer=customer, type="tags_changed")
    assert names(event.data["tags"]) == ["Both", "Mine", "Theirs", "Whatsapp"]
    assert (names(event.data["added"]), event.data["removed"]) == (["Theirs"], [])


def test_paths_without_the_last_slash(as_owner: Any, customer: Customer, new_tag: Any) -> None:
    vip = new_tag("VIP")
    path, one = path_of(customer).rstrip("/"), path_of(customer, vip).rstrip("/")
    calls = [
        as_owner.get(path),
        as_owner.post(path, {"tag_ids": [vip.pk]}),
        as_owner.put(path, {"tag_ids": []}),
        as_owner.post(one),
        as_owner.delete(one),
        as_owner.delete(path, {"tag_ids": [vip.pk]}),
    ]
    assert [response.status_code for response in calls] == [200] * 6


def queries_of(call: Any) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert call().status_code == 200
    return len(queries)


def test_three_tags_cost_as_much_as_one(as_owner: Any, customer: Customer, new_tag: Any) -> None:
    path = path_of(customer)
    tags = [new_tag(f"Tag {number}").pk for number in range(50)]
    counts: dict[str, set[int]] = {"post": set(), "get": set(), "delete": set(), "put": set()}
    for ids in (tags[:1], tags[1:4], tags[4:]):
        counts["post"].add(queries_of(lambda ids=ids: as_owner.post(path, {"tag_ids": ids})))
        counts["get"].add(queries_of(lambda: as_owner.get(path)))
        counts["delete"].add(queries_of(lambda ids=ids: as_owner.delete(path, {"tag_ids": ids})))
    as_owner.put(path, {"tag_ids": tags[:1]})
    for ids in (tags[1:2], tags[2:5], tags[5:]):
        counts["put"].add(queries_of(lambda ids=ids: as_owner.put(path, {"tag_ids": ids})))
    assert {method: len(found) for method, found in counts.items()} == dict.fromkeys(counts, 1)
    assert counts["get"] == {3}, "session, customer, tags"
