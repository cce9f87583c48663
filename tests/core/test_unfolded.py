"""What is searched is written along with a row, and mended where somebody else has written it."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Concat
from rest_framework.test import APIClient

from accounts.models import User
from core import folding
from core.folding import models_that_fold, not_folded
from core.unfolded import Unfolded
from customers.models import Customer, CustomerGroup
from tags.models import Tag

pytestmark = pytest.mark.django_db


def found(client: APIClient, text: str) -> list[int]:
    return [row["id"] for row in client.get("/api/customers/", {"search": text}).json()["results"]]


def as_somebody_else(**columns: str | None) -> None:
    """Change all customers as another program does."""
    changes = ", ".join(f"{name} = %s" for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE customers_customer SET {changes}", list(columns.values()))


def test_every_way_to_write_a_row(as_admin: APIClient, customer: Customer) -> None:
    rows = Customer.objects.filter(pk=customer.pk)
    customer.first_name = "Zoë"
    customer.save()
    assert found(as_admin, "zoe") == [customer.pk]
    customer.last_name = "Brontë"
    customer.save(update_fields=["last_name"])
    assert found(as_admin, "bronte") == [customer.pk]
    rows.update(first_name="Éva", last_name=Concat(F("last_name"), Value(" Ősz")))
    assert found(as_admin, "eva BRONTE osz") == [customer.pk]
    assert found(as_admin, "zoe") == []
    (row,) = rows
    row.username = "Ёлка"
    Customer.objects.bulk_update([row], ["username"])
    assert found(as_admin, "елка") == [customer.pk]
    Customer.objects.update_or_create(pk=customer.pk, defaults={"email": "søren@example.com"})
    assert found(as_admin, "SØREN") == [customer.pk]
    made = Customer.objects.bulk_create([Customer(first_name="Çağ")])
    assert found(as_admin, "cag") == [made[0].pk]
    assert rows.update(first_name="Ada", folded="given") == 1
    assert rows.get().folded == "given", "what is given is not written over"
    CustomerGroup.objects.create(name="Été")
    assert CustomerGroup.objects.filter(name="Été").update(name="Đức") == 1
    assert CustomerGroup.objects.named("đỨC").count() == 1


def test_update_counts_as_it_did(owner: User, customer: Customer) -> None:
    Customer.objects.bulk_create(Customer(first_name=f"José {n}") for n in range(1_001))
    assert Customer.objects.filter(first_name__startswith="José").update(last_name="Ñ") == 1_001
    assert Customer.objects.filter(folded__startswith="jose", folded__endswith=" n").count() == 1_001
    assert Customer.objects.filter(pk=0).update(first_name="x") == 0
    assert Customer.objects.none().update(first_name="x") == 0


def test_the_relay_folds_what_lacks_it(as_admin: APIClient, customer: Customer) -> None:
    assert Unfolded().claim(1) == []
    as_somebody_else(first_name="Éva", folded=None)
    assert found(as_admin, "eva") == []

    source = Unfolded()
    (job,) = source.claim(1)
    assert job == [Customer]
    source.run(job)

    assert found(as_admin, "eva") == [customer.pk]
    assert source.claim(1) == [], "not again at once"
    for model in models_that_fold():
        assert not model._base_manager.filter(not_folded(model)).exists()


def test_by_hand_what_is_out_of_date_is_found(as_admin: APIClient, customer: Customer) -> None:
    as_somebody_else(first_name="Éva")
    Tag.objects.create(name="Été")
    assert found(as_admin, "eva") == []
    said = StringIO()

    call_command("fold", stdout=said)

    assert said.getvalue() == "folded 1 customers\n"
    assert found(as_admin, "eva") == [customer.pk]


def test_somebody_takes_the_name_meanwhile(monkeypatch: Any) -> None:
    """The others wait for the next time, and nothing breaks."""
    groups = CustomerGroup.objects.bulk_create(CustomerGroup(name=name) for name in ("Éva", "Eva"))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE customers_customergroup SET folded = NULL, name_key = NULL WHERE id = %s", [groups[0].pk]
        )
        cursor.execute("UPDATE customers_customergroup SET name_key = 'éva' WHERE id = %s", [groups[1].pk])
    monkeypatch.setattr(folding, "_without_taken", lambda model, rows, values: values)

    Unfolded().run([CustomerGroup])
    assert CustomerGroup.objects.get(pk=groups[0].pk).name_key is None
    monkeypatch.undo()
    Unfolded().run([CustomerGroup])
    assert CustomerGroup.objects.get(pk=groups[0].pk).folded == "eva"
