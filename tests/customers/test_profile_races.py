"""Several changes to one customer at once. PostgreSQL puts the locks to the test; SQLite lets one through at a time."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from customers.actions.phones import send_phone_code
from customers.actions.purchases import record_order
from customers.actions.registration import register
from customers.models import Address, Customer, CustomerGroup, Event, LoyaltyEntry, Order, Review
from tags.actions.tags import ensure_system_tags
from tests.cast import ClientOf
from tests.phone_codes import last_code

pytestmark = pytest.mark.django_db(transaction=True)

API = "/api/customers"


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


def codes(answers: list[Any]) -> Counter[Any]:
    return Counter(getattr(answer, "status_code", answer) for answer in answers)


def an_address(client: APIClient) -> int:
    body = {"address_type": "shipping", "address_line1": "1 Main St", "city": "Kandy", "country": "LK"}
    pk: int = client.post(f"{API}/addresses/", body).json()["id"]
    return pk


def test_eight_defaults_at_once(customer_login: User, client_of: ClientOf) -> None:
    clients = [client_of(customer_login) for _ in range(8)]
    ids = [an_address(clients[0]) for _ in range(8)]
    for _ in range(5):
        answers = at_once(
            [
                lambda c=client, pk=pk: c.post(f"{API}/addresses/{pk}/set_default/")
                for client, pk in zip(clients, ids, strict=True)
            ]
        )

        assert codes(answers) == {200: 8}
        assert Address.objects.filter(is_default=True).count() == 1


def test_first_addresses_and_deletions_at_once(customer_login: User, client_of: ClientOf) -> None:
    clients = [client_of(customer_login) for _ in range(6)]

    ids = at_once([lambda c=client: an_address(c) for client in clients])

    assert Address.objects.filter(is_default=True).count() == 1
    doomed = zip(clients[:5], ids[:5], strict=True)
    answers = at_once([lambda c=client, pk=pk: c.delete(f"{API}/addresses/{pk}/") for client, pk in doomed])
    assert codes(answers) == {204: 5}
    assert Address.objects.get().is_default is True


def test_totals_of_orders_at_once(customer: Customer, admin: User) -> None:
    def record(number: str, status: str = "delivered") -> Any:
        return record_order(
            customer_id=customer.pk,
            actor=admin,
            number=number,
            status=status,
            total=100,
            currency="USD",
            placed_at=timezone.now(),
        )

    # Eight orders, each of them sent twice at the same time, then half of them cancelled, twice as well.
    results = at_once([lambda n=n: record(f"A-{n % 8}") for n in range(16)])
    assert Counter(new for _, new in results) == {True: 8, False: 8}
    customer.refresh_from_db()
    assert (customer.total_orders, customer.total_spent) == (8, Order.objects.aggregate(s=Sum("total"))["s"])
    at_once([lambda n=n: record(f"A-{n % 4}", "cancelled") for n in range(8)])
    customer.refresh_from_db()
    assert (customer.total_orders, customer.total_spent) == (4, 400)
    seqs = list(Event.objects.filter(customer=customer).order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, customer.last_seq + 1))


def test_one_number_of_two_customers_at_once(customer: Customer, admin: User, client_of: ClientOf) -> None:
    other = Customer.objects.create(first_name="Other")
    body = {"number": "A-1", "status": "delivered", "total": "10", "placed_at": "2025-10-01T10:00:00Z"}
    clients = [client_of(admin), client_of(admin)]

    answers = at_once(
        [
            lambda c=client, pk=pk: c.post(f"{API}/customers/{pk}/orders/", body)
            for client, pk in zip(clients, (customer.pk, other.pk), strict=True)
        ]
    )

    assert codes(answers) == {201: 1, 400: 1}
    assert sorted(Customer.objects.values_list("total_orders", flat=True)) == [0, 1]


def test_points_never_below_zero(customer: Customer, admin: User, client_of: ClientOf) -> None:
    Customer.objects.filter(pk=customer.pk).update(loyalty_points=250)
    clients = [client_of(admin) for _ in range(6)]
    body = {"points": -100, "reason": "Spent"}

    answers = at_once(
        [lambda c=client: c.post(f"{API}/customers/{customer.pk}/add_loyalty_points/", body) for client in clients]
    )

    assert codes(answers) == {200: 2, 400: 4}
    customer.refresh_from_db()
    assert (customer.loyalty_points, LoyaltyEntry.objects.count()) == (50, 2)


def test_one_review_of_a_product(customer: Customer, customer_login: User, client_of: ClientOf) -> None:
    clients = [client_of(customer_login) for _ in range(6)]
    body = {"product_id": "p", "rating": 5}

    answers = at_once([lambda c=client: c.post(f"{API}/customers/{customer.pk}/reviews/", body) for client in clients])

    assert codes(answers) == {201: 1, 400: 5}
    assert Review.objects.count() == 1


def test_one_username_and_any_number_of_claims(admin: User) -> None:
    def sign_up(number: int, **fields: str) -> Any:
        body = {
            "username": f"jane{number}",
            "email": f"jane{number}@example.com",
            "password": "SecureP@ssw0rd123!",
            "password2": "SecureP@ssw0rd123!",
        }
        return APIClient().post(f"{API}/register/", {**body, **fields})

    answers = at_once([lambda n=n: sign_up(n, username=("jane", "JANE")[n % 2]) for n in range(6)])
    assert codes(answers) == {201: 1, 400: 5}
    answers = at_once([lambda n=n: sign_up(10 + n, phone="+94770000001") for n in range(6)])
    assert codes(answers) == {201: 6}
    assert (Customer.objects.count(), User.objects.count()) == (7, 8)


def test_one_group_name(admin: User, client_of: ClientOf) -> None:
    clients = [client_of(admin) for _ in range(4)]
    answers = at_once([lambda c=client: c.post(f"{API}/groups/", {"name": "Gold"}) for client in clients])
    assert codes(answers) == {201: 1, 400: 3}
    assert CustomerGroup.objects.count() == 1


def test_two_prove_one_phone(customer: Customer, client_of: ClientOf) -> None:
    rivals = [
        register(username=name, email=f"{name}@example.com", password="SecureP@ssw0rd123!", phone=customer.phone)
        for name in ("jane", "june")
    ]
    calls = []
    for rival in rivals:
        assert rival.user is not None
        send_phone_code(customer=rival)
        body = {"code": last_code()}
        client = client_of(rival.user)
        calls.append(lambda c=client, b=body: c.post(f"{API}/customers/verify_phone/", b))

    answers = at_once(calls)

    assert codes(answers) == {200: 1, 400: 1}
    customer.refresh_from_db()
    assert customer.user is not None
    assert Customer.objects.count() == 2
