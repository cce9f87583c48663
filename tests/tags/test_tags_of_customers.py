"""Which tags a customer has: those given, and the one of their source."""

from typing import Any

import pytest

from accounts.models import User
from customers.models import Customer
from tags.actions.tags import ensure_system_tags
from tags.models import CustomerTag, Tag, carrying
from tags.serializers import tag_data


@pytest.fixture
def system(db: None) -> dict[str, Tag]:
    return {tag.source: tag for tag in ensure_system_tags() if tag.source}


def test_system_tags_are_made_once(system: dict[str, Tag]) -> None:
    assert {tag.name for tag in system.values()} == {"Whatsapp", "Telegram", "Instagram"}
    assert [tag.pk for tag in ensure_system_tags()] == [tag.pk for tag in system.values()]
    assert Tag.objects.count() == 3


def test_a_namesake_becomes_the_system_tag(customer: Customer) -> None:
    Tag.objects.all().delete()
    mine = Tag.objects.create(name="WHATSAPP", created_by=customer.owner)
    CustomerTag.objects.create(customer=customer, tag=mine)

    ensure_system_tags()

    mine.refresh_from_db()
    assert (mine.name, mine.source, mine.created_by) == ("Whatsapp", "whatsapp", None)
    assert not CustomerTag.objects.exists()


def test_given_and_by_source(customer: Customer, system: dict[str, Tag], django_assert_num_queries: Any) -> None:
    other = Customer.objects.create(first_name="Other", source="website")
    vip, blue = Tag.objects.create(name="vip"), Tag.objects.create(name="Blue")
    for holder, tag in [(customer, vip), (customer, blue), (other, vip)]:
        CustomerTag.objects.create(customer=holder, tag=tag)

    with django_assert_num_queries(1):
        rows = Tag.objects.by_customer({customer.pk: "whatsapp", other.pk: "website", 987654: "telegram"})

    assert [tag.name for tag in rows[customer.pk]] == ["Blue", "vip", "Whatsapp"]
    assert [tag.name for tag in rows[other.pk]] == ["vip"]
    assert [tag.name for tag in rows[987654]] == ["Telegram"]
    assert set(Tag.objects.of_customer(customer.pk, "whatsapp")) == {vip, blue, system["whatsapp"]}
    assert set(Tag.objects.of_customer(other.pk, "website")) == {vip}
    assert set(carrying(Customer.objects.all(), vip)) == {customer, other}
    assert set(carrying(Customer.objects.all(), system["whatsapp"])) == {customer}


def test_a_tag_is_as_documented(owner: User, system: dict[str, Tag]) -> None:
    vip = Tag.objects.create(name="VIP", created_by=owner)

    shown: dict[str, Any] = {**tag_data(vip)}

    assert shown.pop("created_at").endswith("Z")
    assert shown == {"id": vip.pk, "name": "VIP", "created_by": owner.pk, "is_system": False}
    assert tag_data(system["telegram"])["is_system"] is True
