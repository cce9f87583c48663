"""Requests at the same moment: one primary contact per customer, each email and number once, and no 5xx."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from contacts.models import Contact
from customers.models import Event
from tests.accounts.parallel import all_in_parallel
from tests.contacts.expected import FIELDS

THREADS = 8
ROUNDS = 3

pytestmark = pytest.mark.django_db(transaction=True)


def post(client: Any, path: str, body: Any = None) -> Callable[[], Any]:
    return lambda: client.post(path, body)


def primaries(customer: Any) -> int:
    return Contact.objects.filter(customer=customer, is_primary=True).count()


def test_set_primary(as_owner: Any, customer: Any, new_contact: Any) -> None:
    contacts = [new_contact(customer, number) for number in range(THREADS)]
    for _ in range(ROUNDS):
        responses = all_in_parallel(
            [post(as_owner, f"/api/contacts/{contact.pk}/set-primary/") for contact in contacts]
        )
        assert [response.status_code for response in responses] == [200] * THREADS
        assert primaries(customer) == 1
    seqs = list(Event.objects.filter(customer=customer).order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1))


def test_create_set_and_bulk_with_primaries(as_owner: Any, customer: Any, new_contact: Any) -> None:
    def body(number: int) -> dict[str, Any]:
        address = {"email": f"{number}@example.com", "wa_number": f"077{number:07d}", "tp_number": f"011{number:07d}"}
        return {"customer": customer.pk, **address, "is_primary": True}

    old = new_contact(customer, 0)
    calls = [post(as_owner, f"/api/contacts/{old.pk}/set-primary/")]
    calls += [post(as_owner, "/api/contacts/", body(number)) for number in range(1, 4)]
    calls += [post(as_owner, "/api/contacts/bulk-create/", {"contacts": [body(n), body(n + 1)]}) for n in (10, 20)]
    responses = all_in_parallel(calls)
    assert [response.status_code for response in responses] == [200] + [201] * 5
    assert primaries(customer) == 1


def test_the_same_contact(as_owner: Any, customer: Any) -> None:
    body = {"customer": customer.pk, **FIELDS}
    responses = all_in_parallel([post(as_owner, "/api/contacts/", body)] * THREADS)
    assert Counter(response.status_code for response in responses) == {201: 1, 400: THREADS - 1}
    refused = next(response for response in responses if response.status_code == 400)
    assert set(refused.json()["errors"]) == {"email", "wa_number", "tp_number"}
    assert Contact.objects.count() == 1


def test_bulks_that_touch_the_same_customers(as_admin: Any, customer: Any, other_customer: Any) -> None:
    def body(start: int, people: list[Any]) -> dict[str, Any]:
        return {
            "contacts": [
                {
                    "customer": person.pk,
                    "email": f"{start}@example.com",
                    "wa_number": f"077{start:07d}",
                    "tp_number": f"011{start:07d}",
                    "is_primary": True,
                }
                for person in people
            ]
        }

    orders = [[customer, other_customer], [other_customer, customer]]
    calls = [post(as_admin, "/api/contacts/bulk-create/", body(n, orders[n % 2])) for n in range(THREADS)]
    assert [response.status_code for response in all_in_parallel(calls)] == [201] * THREADS
    assert primaries(customer) == primaries(other_customer) == 1
    assert Contact.objects.count() == 2 * THREADS


@pytest.mark.parametrize("field", ["email", "wa_number", "tp_number"])
def test_the_table_itself_takes_each_address_once(customer: Any, contact: Any, new_contact: Any, field: str) -> None:
    second = new_contact(customer, 1)
    value = getattr(contact, field).upper()
    with pytest.raises(IntegrityError), transaction.atomic():
        Contact.objects.filter(pk=second.pk).update(**{field: value})
