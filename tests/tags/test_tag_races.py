"""Requests at the same moment end as if they came in some order, the events agree with it, and there is no 5xx."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from customers.models import Customer, Event
from tags.models import CustomerTag, Tag
from tests.accounts.parallel import all_in_parallel
from tests.tags.expected import API, path_of

ROUNDS = 6

pytestmark = pytest.mark.django_db(transaction=True)


def given(customer: Customer) -> set[int]:
    return set(CustomerTag.objects.filter(customer=customer).values_list("tag", flat=True))


def check_log(customer: Customer, start: set[int]) -> None:
    """Numbers without gaps, every event a step from the one before, and the last one is how it is now."""
    log = list(Event.objects.filter(customer=customer).order_by("seq"))
    assert [event.seq for event in log] == list(range(1, len(log) + 1))
    states = [start]
    for event in log:
        added, removed, tags = ({tag["id"] for tag in event.data[part]} for part in ("added", "removed", "tags"))
        assert added or removed
        assert tags - {Tag.objects.get(source="whatsapp").pk} == (states[-1] | added) - removed
        assert not added & states[-1]
        assert removed <= states[-1]
        states.append((states[-1] | added) - removed)
    assert all(before != after for before, after in pairwise(states))
    assert states[-1] == given(customer)


def test_adding_and_removing(as_owner: Any, as_admin: Any, customer: Customer, new_tag: Any) -> None:
    a, b, c = (new_tag(name).pk for name in "ABC")
    path, start = path_of(customer), given(customer)
    for round_ in range(ROUNDS):
        before = given(customer)
        responses = all_in_parallel(
            [
                lambda: as_owner.post(path, {"tag_ids": [a, b]}),
                lambda: as_admin.delete(path, {"tag_ids": [b, c]}),
            ]
        )
        assert [response.status_code for response in responses] == [200, 200]
        first, second = (before | {a, b}) - {b, c}, (before - {b, c}) | {a, b}
        assert given(customer) in (first, second)
        clear: list[int] = [[], [c], [a, b, c]][round_ % 3]  # type: ignore[assignment]
        as_owner.put(path, {"tag_ids": clear})
    check_log(customer, start)


def test_everybody_does_everything(as_owner: Any, as_admin: Any, customer: Customer, new_tag: Any) -> None:
    ids = [new_tag(name).pk for name in "ABCD"]
    path = path_of(customer)
    for _ in range(ROUNDS):
        responses = all_in_parallel(
            [
                lambda: as_owner.put(path, {"tag_ids": ids[:2]}),
                lambda: as_admin.put(path, {"tag_ids": ids[2:]}),
                lambda: as_owner.post(path, {"tag_ids": ids[::-1]}),
                lambda: as_admin.delete(path, {"tag_ids": ids[1:3]}),
                lambda: as_owner.post(path_of(customer, ids[0])),
                lambda: as_admin.delete(path_of(customer, ids[0])),
            ]
        )
        assert [response.status_code for response in responses[:4]] == [200] * 4
        assert {response.status_code for response in responses[4:]} <= {200, 400}
    check_log(customer, set())


def test_one_tag_is_added_once(as_owner: Any, customer: Customer, new_tag: Any) -> None:
    for round_ in range(ROUNDS):
        path = path_of(customer, new_tag(f"T{round_}"))
        responses = all_in_parallel([lambda: as_owner.post(path)] * 4)  # noqa: B023 - all of this round
        assert Counter(response.status_code for response in responses) == {200: 1, 400: 3}
    check_log(customer, set())


def test_a_tag_that_is_deleted_while_it_is_given(
    as_owner: Any, as_admin: Any, customer: Customer, new_tag: Any
) -> None:
    others = Customer.objects.bulk_create([Customer(first_name=f"P{number}") for number in range(20)])
    path = path_of(customer)
    for round_ in range(ROUNDS):
        a, b = new_tag(f"A{round_}", *others), new_tag(f"B{round_}", customer, *others)
        everybody = {"customer_ids": [person.pk for person in reversed(others)], "action": "remove"}
        add, both, one, gone, many = all_in_parallel(
            [
                lambda: as_owner.post(path, {"tag_ids": [a.pk, b.pk]}),  # noqa: B023
                lambda: as_owner.delete(path, {"tag_ids": [b.pk, a.pk]}),  # noqa: B023
                lambda: as_owner.post(path_of(customer, a)),  # noqa: B023
                lambda: as_admin.post(f"{API}/tags/bulk-delete/", {"tag_ids": [b.pk, a.pk]}),  # noqa: B023
                lambda: as_admin.post(f"{API}/tags/{a.pk}/customers/", everybody),  # noqa: B023
            ]
        )
        assert gone.status_code == 200
        assert gone.json()["deleted_count"] == 2
        for response in (add, both):
            assert response.status_code in (200, 400)
            assert response.status_code == 200 or response.json()["error"].startswith("Invalid tag IDs: [")
        assert one.status_code in (200, 400, 404)
        assert many.status_code in (200, 404)
        assert not CustomerTag.objects.filter(tag__in=[a.pk, b.pk]).exists()
    seqs = list(Event.objects.filter(customer=customer).order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1))


def test_many_customers_in_both_directions(as_admin: Any, as_owner: Any, owner: Any, new_tag: Any) -> None:
    people = [Customer.objects.create(first_name=f"P{number}", owner=owner) for number in range(20)]
    ids = [person.pk for person in people]
    vip, gold = new_tag("VIP"), new_tag("Gold")
    for _ in range(ROUNDS):
        calls = [
            lambda tag=tag, ids=order, action=action: as_admin.post(
                f"{API}/tags/{tag.pk}/customers/", {"customer_ids": ids, "action": action}
            )
            for tag, order, action in (
                (vip, ids, "add"),
                (vip, ids[::-1], "remove"),
                (gold, ids[::-1], "add"),
                (gold, ids, "remove"),
            )
        ]
        responses = all_in_parallel([*calls, lambda: as_owner.put(path_of(people[3]), {"tag_ids": [gold.pk]})])
        assert [response.status_code for response in responses] == [200] * 5
    for person in people:
        seqs = list(Event.objects.filter(customer=person).order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(1, len(seqs) + 1))


def test_a_name_is_taken_once(as_owner: Any, as_admin: Any, new_tag: Any) -> None:
    for round_ in range(ROUNDS):
        old = new_tag(f"Old {round_}")
        name = f"été {round_}"
        responses = all_in_parallel(
            [
                lambda: as_owner.post(f"{API}/tags/", {"name": name}),  # noqa: B023
                lambda: as_admin.post(f"{API}/tags/", {"names": [name.upper()]}),  # noqa: B023
                lambda: as_admin.put(f"{API}/tags/{old.pk}/", {"name": name.title()}),  # noqa: B023
            ]
        )
        assert sorted(response.status_code for response in responses)[1:] == [400, 400]
        assert Tag.objects.named([name]).count() == 1
        errors = [response.json()["error"] for response in responses if response.status_code == 400]
        assert all(error.startswith("A tag with this name already exists: ") for error in errors)


def test_two_rename_and_delete_one_tag(as_owner: Any, as_admin: Any, customer: Customer, new_tag: Any) -> None:
    for round_ in range(ROUNDS):
        path = f"{API}/tags/{new_tag(f'T{round_}', customer).pk}/"
        renamed, *deleted = all_in_parallel(
            [
                lambda: as_owner.put(path, {"name": f"New {round_}"}),  # noqa: B023
                lambda: as_owner.delete(path),  # noqa: B023
                lambda: as_admin.delete(path),  # noqa: B023
            ]
        )
        assert renamed.status_code in (200, 404)
        assert sorted(response.status_code for response in deleted) == [200, 404]
