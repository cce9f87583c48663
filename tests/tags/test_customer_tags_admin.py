"""Tags of customers in Django admin: for those selected in the list, and on each one's page."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from customers.models import Customer, Event
from tags.models import CustomerTag
from tests.admin_pages import confirm, do, opened

CUSTOMERS = "/admin/customers/customer/"


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


def test_many_are_tagged_and_untagged(desk: Client, admin: User, customer: Customer, new_tag: Any) -> None:
    other = Customer.objects.create(first_name="Other")
    new, late = new_tag("New", customer), new_tag("Late")

    page = confirm(desk, CUSTOMERS, "add_tags", [customer, other], tags=[new.pk, late.pk])
    assert "2 tagged" in page
    assert "tagged: Late, New" in page
    assert CustomerTag.objects.count() == 4
    assert {event.actor for event in Event.objects.filter(type="tags_changed")} == {admin}

    assert "2 untagged" in confirm(desk, CUSTOMERS, "remove_tags", [customer, other], tags=[late.pk])
    assert CustomerTag.objects.count() == 2
    assert "They were not there." in confirm(desk, CUSTOMERS, "remove_tags", [customer], tags=[late.pk])


def test_system_tags_are_refused(desk: Client, customer: Customer, system: Any) -> None:
    page = confirm(desk, CUSTOMERS, "add_tags", [customer], tags=[system["telegram"].pk])
    assert "1 refused" in page
    assert not CustomerTag.objects.exists()


def test_tags_are_found_by_a_part_of_their_name(desk: Client, new_tag: Any) -> None:
    vip, _ = new_tag("Very important"), new_tag("Late")
    query = {"app_label": "tags", "model_name": "customertag", "field_name": "tag", "term": "import"}
    found = desk.get("/admin/autocomplete/", query).json()["results"]
    assert found == [{"id": str(vip.pk), "text": "Very important"}]


def test_on_a_customers_page(desk: Client, customer: Customer, new_tag: Any, system: Any) -> None:
    vip = new_tag("Important")
    assert "comes with the source" in opened(desk, customer, "tags")

    assert "Tagged: Important" in do(desk, customer, "tags", "add_tags", tags=[vip.pk])
    assert CustomerTag.objects.get().tag == vip
    assert "Select a valid choice" in do(desk, customer, "tags", "add_tags", tags=[987654321])

    assert "Taken away: Important" in do(desk, customer, "tags", "remove_tag", item=vip.pk)
    assert not CustomerTag.objects.exists()
    assert "errornote" in do(desk, customer, "tags", "remove_tag", item=vip.pk)
