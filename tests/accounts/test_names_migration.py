"""The update from a version that left it to the database which names are the same."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.models import User
from core.unfolded import clashes
from customers.models import Customer, CustomerGroup
from tags.models import Tag

# In this order: what needs the others goes first.
BEFORE = [
    ("customers", "0019_advertisements"),
    ("accounts", "0008_availability"),
    ("tags", "0003_name_key"),
]


def migrate(to: list[tuple[str, str]] | None = None) -> Any:
    """Go back to some migrations, or to the newest."""
    executor = MigrationExecutor(connection)
    to = to or executor.loader.graph.leaf_nodes()
    executor.migrate(to)
    return executor.loader.project_state(to).apps


@pytest.fixture
def before(transactional_db: None) -> Iterator[Any]:
    """The tables as they were."""
    yield migrate(BEFORE)
    migrate()


def test_what_was_there_is_found_and_stays(before: Any) -> None:
    users, customers = (before.get_model(*name).objects for name in (("accounts", "User"), ("customers", "Customer")))
    # Two of them that each database took for different ones.
    for n, name in enumerate(("Straße", "STRASSE", "Éva")):
        users.create(username=name, email=f"{n}@desk.example", role="sales", first_name="Zoë")
        before.get_model("customers", "CustomerGroup").objects.create(name=name)
    customers.bulk_create([customers.model(first_name=f"José x{n}x", phone=f"+9477{n:07d}") for n in range(1_200)])
    before.get_model("tags", "Tag").objects.create(name="Été", name_key="été")

    migrate()

    assert [user.username_key for user in User.objects.order_by("pk")] == ["strasse", None, "éva"]
    assert {user.email_key for user in User.objects.all()} == {f"{n}@desk.example" for n in range(3)}
    assert User.objects.search("zoe").count() == 3
    assert Customer.objects.search("jose x1199x").get().phone == "+94770001199"
    assert Customer.objects.filter(folded=None).count() == 0
    assert Tag.objects.search("ete").get().name == "Été"
    second, group = User.objects.get(username="STRASSE"), CustomerGroup.objects.get(name="STRASSE")
    assert sorted(clashes()) == [
        f"customer group {group.pk} (STRASSE): another one had this name first",
        f"user {second.pk} (STRASSE): another one had this username first",
    ]
