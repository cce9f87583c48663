"""Merges in Django admin."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from customers.actions.merge import merge_customers
from customers.models import Customer, Merge
from tests.admin_pages import confirm

MERGES = "/admin/customers/merge/"


@pytest.fixture
def desk(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


@pytest.fixture
def merge(customer: Customer, owner: User) -> Merge:
    twin = Customer.objects.create(first_name="Johnny", owner=owner)
    return merge_customers(gone_id=twin.pk, into_id=customer.pk, actor=owner)


def test_they_can_be_looked_at(desk: Client, merge: Merge) -> None:
    listed = desk.get(f"{MERGES}?q=johnny").content.decode()
    page = desk.get(f"{MERGES}{merge.pk}/change/").content.decode()

    assert "Johnny" in listed
    assert "Undo the selected merges" in listed
    assert "Johnny" in page
    assert "John Doe" in page
    assert desk.get(f"{MERGES}add/").status_code == 403
    assert desk.post(f"{MERGES}{merge.pk}/delete/", {"post": "yes"}).status_code == 403


def test_undoing(desk: Client, admin: User, merge: Merge) -> None:
    assert "1 undone" in confirm(desk, MERGES, "undo", [merge])
    merge.refresh_from_db()
    assert merge.undone_by == admin
    assert Customer.objects.filter(pk=merge.gone_id).exists()


def test_what_cannot_be_undone_says_why(desk: Client, merge: Merge) -> None:
    Merge.objects.update(at=timezone.now() - timedelta(days=15))

    page = confirm(desk, MERGES, "undo", [merge])

    assert "1 refused" in page
    assert "A merge can be undone within 14 days." in page
    assert not Customer.objects.filter(pk=merge.gone_id).exists()


def test_merged_rows_are_not_among_the_customers(desk: Client, merge: Merge) -> None:
    assert "Johnny" not in desk.get("/admin/customers/customer/").content.decode()
    assert desk.get(f"/admin/customers/customer/{merge.gone_id}/change/").status_code == 302
