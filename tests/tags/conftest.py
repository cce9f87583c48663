"""Tags of the team, and what must not change when a request is refused."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from accounts.models import User
from core.timestamps import iso
from customers.models import Customer, Event
from tags.actions.tags import ensure_system_tags
from tags.models import CustomerTag, Tag

API = "/api/v1/msg"

NewTag = Callable[..., Tag]


@pytest.fixture
def system(db: None) -> dict[str, Tag]:
    """The system tags, by source."""
    return {str(tag.source): tag for tag in ensure_system_tags()}


@pytest.fixture(autouse=True)
def _system_tags(db: None) -> Iterator[None]:
    """Tests that commit end with an empty database; the next ones expect the migrations' rows."""
    ensure_system_tags()
    yield
    ensure_system_tags()


@pytest.fixture
def new_tag(owner: User) -> NewTag:
    """Make a tag: `new_tag("VIP", customer)` gives it to customers at once. It is `owner`'s."""

    def make(name: str, *customers: Customer, created_by: User | None = owner) -> Tag:
        tag = Tag.objects.create(name=name, created_by=created_by)
        CustomerTag.objects.bulk_create([CustomerTag(customer=customer, tag=tag) for customer in customers])
        return tag

    return make


@pytest.fixture
def foreign(stranger: User) -> Customer:
    """A customer of `stranger`."""
    return Customer.objects.create(first_name="Foreign", source="telegram", owner=stranger)


def shown(tag: Tag) -> dict[str, Any]:
    """A tag as the contract shows it."""
    return {
        "id": tag.pk,
        "name": tag.name,
        "created_by": tag.created_by_id,
        "created_at": iso(tag.created_at),
        "is_system": tag.source is not None,
    }


def path_of(customer: Customer, tag: Tag | int | None = None) -> str:
    last = "" if tag is None else f"{tag if isinstance(tag, int) else tag.pk}/"
    return f"{API}/customer/{customer.pk}/tags/{last}"


def snapshot() -> list[Any]:
    """Everything that a request about tags may write, to see that nothing changed."""
    return [list(model.objects.order_by("pk").values()) for model in (Tag, CustomerTag)] + [
        list(Customer.objects.order_by("pk").values("pk", "last_seq")),
        Event.objects.count(),
    ]


def names(body: Any) -> list[str]:
    return [tag["name"] for tag in body]
