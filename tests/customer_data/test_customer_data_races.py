"""Several at once on one key or one file; PostgreSQL shows what the lock is worth."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from customer_data.models import CustomerData
from customers.models import Customer, Event
from tags.actions.tags import ensure_system_tags
from tests.accounts.parallel import all_in_parallel
from tests.customer_data.uploads import DATA, Upload, a_file, files_in

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = int(os.environ.get("RACE_ROUNDS", "10"))


@pytest.fixture(autouse=True)
def _system_tags(db: None) -> Iterator[None]:
    """Tests that commit end with an empty database; the next ones expect the migrations' rows."""
    yield
    ensure_system_tags()


def test_eight_creates_of_one_key_make_one_row(
    client_of: Callable[[User], APIClient], owner: User, customer: Customer
) -> None:
    clients = [client_of(owner) for _ in range(8)]
    for round_ in range(ROUNDS):
        key = f"key{round_}"
        body = {"customer": customer.pk, "key": key, "value": "v"}
        responses = all_in_parallel([partial(client.post, DATA, body) for client in clients])
        assert Counter(response.status_code for response in responses) == {201: 1, 400: 7}
        text = f"A data field with key '{key}' already exists for this customer. Use PUT to update it."
        assert [r.json() for r in responses if r.status_code == 400] == [{"key": [text]}] * 7
    assert CustomerData.objects.count() == ROUNDS
    assert Event.objects.filter(customer=customer).count() == ROUNDS


def test_renames_to_one_key_leave_one(client_of: Callable[[User], APIClient], owner: User, customer: Customer) -> None:
    entries = [CustomerData.objects.create(user=owner, customer=customer, key=f"k{n}", value="v") for n in range(6)]
    acts = [partial(client_of(owner).put, f"{DATA}{entry.pk}/", {"key": "wanted"}) for entry in entries]
    assert Counter(response.status_code for response in all_in_parallel(acts)) == {200: 1, 400: 5}
    assert CustomerData.objects.filter(key="wanted").count() == 1


def test_replacing_a_file_at_once_leaves_the_last_one(
    client_of: Callable[[User], APIClient], owner: User, upload: Upload, media: Path
) -> None:
    path = f"{DATA}{upload()['id']}/"
    acts = [partial(client_of(owner).put, path, {"file": a_file(f"f{n}.pdf")}, format="multipart") for n in range(6)]
    assert {response.status_code for response in all_in_parallel(acts)} == {200}
    assert files_in(media) == [CustomerData.objects.get().file.name]


def test_removing_the_file_and_the_value_at_once_does_not_leave_nothing(
    client_of: Callable[[User], APIClient], owner: User, upload: Upload
) -> None:
    for number in range(5):
        path = f"{DATA}{upload(key=f'k{number}', value='v')['id']}/"
        acts = [
            partial(client_of(owner).put, path, {"value": ""}),
            partial(client_of(owner).put, path, {"remove_file": True}),
        ]
        assert Counter(response.status_code for response in all_in_parallel(acts)) == {200: 1, 400: 1}


def test_deleting_in_opposite_orders_does_not_lock_up(client_of: Callable[[User], APIClient], owner: User) -> None:
    customers = [Customer.objects.create(first_name=str(n), owner=owner) for n in range(4)]
    for _ in range(5):
        ids = [CustomerData.objects.create(user=owner, customer=c, key="k", value="v").pk for c in customers]
        acts = [
            partial(client_of(owner).post, f"{DATA}bulk-delete/", {"data_ids": order})
            for order in (ids, ids[::-1], ids, ids[::-1])
        ]
        responses = all_in_parallel(acts)
        assert {response.status_code for response in responses} == {200}
        assert sum(response.json()["deleted_count"] for response in responses) == 4
