"""Many rows are read in their order, with a cursor of the server and without."""

from typing import Any

import pytest
from django.core.management.base import CommandError
from django.db import connection

from core.db.chunks import in_chunks
from core.db.migrations import create_extension
from customers.models import Customer

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("pooler", [False, True])
def test_they_come_in_order_and_once(pooler: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", pooler)
    for number in range(7):
        Customer.objects.create(first_name=f"N{9 - number}", source="whatsapp")
    rows = Customer.objects.order_by("first_name", "pk")
    assert [row.first_name for row in in_chunks(rows, 3)] == sorted(f"N{9 - number}" for number in range(7))
    assert list(in_chunks(rows.none(), 3)) == []


def test_a_row_that_is_gone_meanwhile_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    made = [Customer.objects.create(first_name=f"N{number}", source="whatsapp") for number in range(4)]
    rows: Any = in_chunks(Customer.objects.order_by("pk"), 2)
    first = next(rows)
    made[3].delete()
    assert [first, *rows] == made[:3]


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="extensions are PostgreSQL's")
def test_an_extension_that_cannot_be_created_is_explained_in_one_line() -> None:
    with connection.schema_editor() as editor:
        create_extension(editor, "pg_trgm")  # it is there
    with pytest.raises(CommandError) as refused, connection.schema_editor(atomic=True) as editor:
        create_extension(editor, "no_such_extension")
    assert "no_such_extension" in str(refused.value)
    assert "\n" not in str(refused.value)
