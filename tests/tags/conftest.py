"""Tags of the team, the system tags, and a customer of somebody else."""

from collections.abc import Callable, Iterator

import pytest

from accounts.models import User
from customers.models import Customer
from tags.actions.tags import ensure_system_tags
from tags.models import CustomerTag, Tag

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
