"""The data and files on a customer's page in Django admin: an admin's own."""

import re

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from accounts.models import User
from customer_data.actions import create_data
from customer_data.models import CustomerData
from customers.models import Customer
from tests.admin_pages import do, opened


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


def test_own_entries_with_their_files(desk: Client, admin: User, owner: User, customer: Customer) -> None:
    create_data(customer_id=customer.pk, actor=owner, key="sams", value="Private to Sam")
    own = create_data(
        customer_id=customer.pk, actor=admin, key="contract", file=ContentFile(b"Signed.", "contract.txt")
    )

    page = opened(desk, customer, "data")

    assert "Private to Sam" not in page
    found = re.search(r'<a href="([^"]+)">contract.txt</a>', page)
    assert found is not None
    assert desk.get(found[1].replace("&amp;", "&")).getvalue() == b"Signed."

    do(desk, customer, "data", "delete_data", item=own.pk)
    assert [entry.key for entry in CustomerData.objects.all()] == ["sams"]


def test_adding(desk: Client, admin: User, customer: Customer) -> None:
    assert "Added: size" in do(desk, customer, "data", "create_data", key="size", value="42")
    assert CustomerData.objects.get().user == admin

    page = do(desk, customer, "data", "create_data", key="size", value="another value")
    assert "already exists for this customer" in page
    assert "another value" in page


def test_entries_of_colleagues_stay(desk: Client, owner: User, customer: Customer) -> None:
    theirs = create_data(customer_id=customer.pk, actor=owner, key="sams", value="Private to Sam")
    assert "errornote" in do(desk, customer, "data", "delete_data", item=theirs.pk)
    assert CustomerData.objects.exists()
