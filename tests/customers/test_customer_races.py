"""Several people at once. PostgreSQL puts the locks to the test; SQLite lets one through at a time."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction
from django.http import Http404
from rest_framework.test import APIClient

from accounts.models import User
from customers.actions.assignments import assign
from customers.actions.customers import create_customer, erase_customer, update_customer
from customers.actions.locking import lock
from customers.models import Assignment, Customer, Event
from messaging.actions.routing import route
from tags.actions.tags import ensure_system_tags

pytestmark = pytest.mark.django_db(transaction=True)

ClientOf = Callable[[User], APIClient]


@pytest.fixture(autouse=True)
def _system_tags(db: None) -> Iterator[None]:
    """Tests that commit end with an empty database; the next ones expect the migrations' rows."""
    yield
    ensure_system_tags()


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """Run all of `acts` at the same time; return their results, or what they raised, in order."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            barrier.wait(10)
            return act()
        except Exception as error:  # noqa: BLE001 - the tests look at what came
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_one_phone_makes_one_customer(admin: User, client_of: ClientOf) -> None:
    for round_ in range(5):
        clients = [client_of(admin) for _ in range(6)]
        body = {"name": "Jane", "phone": f"077000000{round_}"}

        responses = at_once([lambda c=client, b=body: c.post("/api/customers/", b) for client in clients])

        assert Counter(response.status_code for response in responses) == {201: 1, 400: 5}
        refusals = [response.json() for response in responses if response.status_code == 400]
        assert refusals == [{"phone": ["A customer with this phone number already exists."]}] * 5
    assert Customer.objects.count() == Event.objects.count() == 5


def test_one_phone_goes_to_one_of_two(admin: User, client_of: ClientOf) -> None:
    rivals = [create_customer(actor=None, first_name=name) for name in ("A", "B", "C", "D")]
    clients = [client_of(admin) for _ in rivals]

    responses = at_once(
        [
            lambda c=client, pk=rival.pk: c.patch(f"/api/customers/{pk}/", {"phone": "0770000000"})
            for client, rival in zip(clients, rivals, strict=True)
        ]
    )

    assert Counter(response.status_code for response in responses) == {200: 1, 400: 3}
    assert Customer.objects.filter(phone="+94770000000").count() == 1


def test_no_change_is_lost_and_no_number_given_twice(admin: User, owner: User, stranger: User) -> None:
    customer = create_customer(actor=None, first_name="Jane")
    changes = [{"notes": "n"}, {"is_vip": True}, {"last_name": "Roe"}, {"email": "j@example.com"}, {"owner": owner}]

    results = at_once([lambda c=c: update_customer(customer_id=customer.pk, actor=admin, changes=c) for c in changes])

    assert [result for result in results if isinstance(result, Exception)] == []
    customer.refresh_from_db()
    assert (customer.notes, customer.is_vip, customer.last_name) == ("n", True, "Roe")
    assert (customer.email, customer.owner) == ("j@example.com", owner)
    seqs = list(Event.objects.filter(customer=customer).order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, 7))
    assert customer.last_seq == 6


def test_one_open_assignment(admin: User) -> None:
    customer = create_customer(actor=None, first_name="Jane")
    sales = [User.objects.create_user(f"s{n}", f"s{n}@desk.example", role="sales") for n in range(6)]

    results = at_once(
        [lambda s=seller: assign(customer_id=customer.pk, salesperson=s, actor=admin) for seller in sales]
    )

    assert all(isinstance(result, Assignment) for result in results), results
    customer.refresh_from_db()
    assert Assignment.objects.open().get().salesperson == customer.owner
    assert Assignment.objects.count() == 6


def test_one_hands_over_once(owner: User, stranger: User, customer: Customer, client_of: ClientOf) -> None:
    rivals = [stranger, User.objects.create_user("rita", "rita@desk.example", role="sales")]
    clients = [client_of(owner) for _ in rivals]

    responses = at_once(
        [
            lambda c=client, to=rival.pk: c.post("/api/assignments/", {"customer": customer.pk, "salesperson": to})
            for client, rival in zip(clients, rivals, strict=True)
        ]
    )

    # Those who looked before the other's commit are told that there is no such customer.
    assert sorted(response.status_code for response in responses) in ([201, 400], [201, 404])
    assert Assignment.objects.count() == 1
    with pytest.raises(Http404):
        update_customer(customer_id=customer.pk, actor=owner, changes={"notes": "still mine"})


def test_turns_are_fair_when_all_come_at_once(db: None) -> None:
    sales = [User.objects.create_user(f"s{n}", f"s{n}@desk.example", role="sales") for n in range(3)]

    def arrive() -> User | None:
        with transaction.atomic():
            return route(lock(create_customer(actor=None, source="whatsapp").pk))

    for _ in range(3):
        given = at_once([arrive] * 6)
        assert Counter(given) == dict.fromkeys(sales, 2)


def test_a_salesperson_who_leaves_keeps_nobody(admin: User, owner: User, client_of: ClientOf) -> None:
    for round_ in range(5):
        leaver = User.objects.create_user(f"l{round_}", f"l{round_}@desk.example", role="sales")
        customers = [create_customer(actor=None, first_name="C") for _ in range(5)]
        for customer in customers[:2]:
            assign(customer_id=customer.pk, salesperson=leaver, actor=admin)
        client = client_of(admin)

        results = at_once(
            [
                lambda c=client, pk=leaver.pk: c.delete(f"/api/users/{pk}/"),
                *(
                    lambda pk=c.pk, to=leaver: assign(customer_id=pk, salesperson=to, actor=admin)
                    for c in customers[2:]
                ),
                lambda pk=customers[0].pk: assign(customer_id=pk, salesperson=owner, actor=admin),
            ]
        )

        assert results[0].status_code == 204
        assert not Customer.objects.filter(owner=leaver).exists()
        assert not Assignment.objects.open().filter(salesperson=leaver).exists()
        assert isinstance(results[-1], Assignment)


def test_erased_means_erased(admin: User, owner: User) -> None:
    for _ in range(5):
        customer = create_customer(actor=None, first_name="Jane")

        results = at_once(
            [
                lambda pk=customer.pk: erase_customer(customer_id=pk, actor=admin),
                lambda pk=customer.pk: update_customer(customer_id=pk, actor=admin, changes={"notes": "x"}),
                lambda pk=customer.pk: assign(customer_id=pk, salesperson=owner, actor=admin),
            ]
        )

        assert results[0] is None
        assert {type(result).__name__ for result in results[1:]} <= {"Customer", "Assignment", "CustomerNotFound"}
    assert not Customer.objects.exists()
    assert not Event.objects.exists()
    assert not Assignment.objects.exists()
