"""Writes that are sent together (core/db/together.py)."""

import pytest
from django.db import IntegrityError, transaction

from core.db.together import write_together
from customers.models import Customer

pytestmark = pytest.mark.django_db

_TABLE = Customer._meta.db_table
_NOTE = f"UPDATE {_TABLE} SET notes = %s WHERE id = %s"


def test_all_are_written_and_the_last_one_answers(customer: Customer) -> None:
    other = Customer.objects.create(first_name="Ann")

    assert write_together((_NOTE, ["one", customer.pk])) is None
    last = (f"{_NOTE} RETURNING notes, id", ["100 %", other.pk])
    assert tuple(write_together((_NOTE, ["two", customer.pk]), last)) == ("100 %", other.pk)

    assert list(Customer.objects.order_by("pk").values_list("notes", flat=True)) == ["two", "100 %"]


def test_none_is_written_if_one_fails(customer: Customer) -> None:
    before = Customer.objects.get(pk=customer.pk).notes
    broken = (f"UPDATE {_TABLE} SET first_name = NULL WHERE id = %s", [customer.pk])

    with pytest.raises(IntegrityError), transaction.atomic():
        write_together((_NOTE, ["new", customer.pk]), (_NOTE, ["new", 0]), broken)

    assert Customer.objects.get(pk=customer.pk).notes == before
