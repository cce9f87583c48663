"""The update from a version that left letters like `ł` as they were in what is searched."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from core.folding import folded
from core.words import wanted_words
from customers.models import Address, Customer
from messaging.models import BusinessNumber, Message
from tags.models import Tag

BEFORE = [("messaging", "0027_history"), ("customers", "0022_blocked"), ("tags", "0005_fold")]


def migrate(to: list[tuple[str, str]]) -> None:
    MigrationExecutor(connection).migrate(to)


@pytest.fixture
def before(transactional_db: None) -> Iterator[None]:
    """The tables as they were."""
    migrate(BEFORE)
    yield
    migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())


def test_what_was_folded_before_is_found(before: None) -> None:
    name = Customer.objects.create(first_name="Łukasz")
    plain = Customer.objects.create(first_name="Łucja")
    place = Address.objects.create(customer=name, address_type="billing", address_line1="1", city="Łódź", country="PL")
    tag = Tag.objects.create(name="Ørsted")
    Customer.objects.filter(pk=name.pk).update(folded="łukasz")
    Address.objects.filter(pk=place.pk).update(folded="1 łodz pl", city_folded="łodz")
    Tag.objects.filter(pk=tag.pk).update(folded="ørsted")
    number = BusinessNumber.objects.create(external_id="1")
    fields = {"customer": name, "business_number": number, "direction": "inbound", "status": "received"}
    messages = [Message.objects.create(text=f"Do Łodzi nr {n}", **fields) for n in range(3)]
    other = Message.objects.create(text="do lodzi", **fields)
    Message.objects.filter(pk__in=[one.pk for one in messages]).update(words="do łodzi nr")
    Message.objects.filter(pk=messages[2].pk).update(text="", words="")

    migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())

    assert list(Customer.objects.filter(folded__contains="lukasz")) == [name]
    assert list(Customer.objects.filter(folded__contains="lucja")) == [plain]
    assert list(Address.objects.filter(city_folded=folded("Łódź"))) == [place]
    assert list(Tag.objects.filter(folded=folded("ørsted"))) == [tag]
    found = Message.objects.with_words(wanted_words("ŁODZI")).order_by("pk")
    assert list(found) == [*messages[:2], other]
    assert not Message.objects.filter(words=None).exists()
