"""The update from a version whose messages had no words, and what keeps them since."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from core.db.word_migrations import KeepWords
from core.words import wanted_words
from customers.models import Customer
from messaging.models import BusinessNumber, Message

BEFORE, AFTER = [("messaging", "0021_working_hours")], [("messaging", "0023_find_by_words")]


def migrate(to: list[tuple[str, str]]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(to)
    return executor.loader.project_state(to).apps


@pytest.fixture
def before(transactional_db: None) -> Iterator[Any]:
    """The tables as they were."""
    yield migrate(BEFORE)
    migrate(MigrationExecutor(connection).loader.graph.leaf_nodes("messaging"))


def indexes() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'messaging_message'")
        return {name for (name,) in cursor.fetchall()}


def test_what_was_there_is_found(before: Any) -> None:
    customer = Customer.objects.create(first_name="Nimal")
    number = BusinessNumber.objects.create(external_id="1")
    fields = {"customer_id": customer.pk, "business_number_id": number.pk, "direction": "inbound", "status": "received"}
    messages = before.get_model("messaging", "Message").objects
    café, taken = messages.create(text="The Café", **fields), messages.create(text="secret", **fields)
    messages.filter(pk=taken.pk).update(deleted_at=timezone.now())
    many = [messages.model(text=f"number {n}", **fields) for n in range(1_100)]
    messages.bulk_create(many)

    migrate(AFTER)

    def found(text: str) -> list[int]:
        return list(Message.objects.with_words(wanted_words(text)).values_list("pk", flat=True))

    assert found("cafe") == [café.pk]
    assert found("secret") == []
    assert len(found("number")) == 1_100
    assert not Message.objects.filter(words=None).exists()
    if connection.vendor == "postgresql":
        assert "message_words" in indexes()
        assert "message_search_trgm" not in indexes()


@pytest.mark.django_db
def test_the_triggers_are_there() -> None:
    """SQLite drops a table's triggers when a migration makes the table anew: such a one has to do KeepWords again."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = 'messaging_message'::regclass")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'messaging_message'")
        triggers = {name for (name,) in cursor.fetchall()}
    kept = ("text_changed",) if connection.vendor == "postgresql" else _ON_SQLITE
    assert {f"messaging_message_{name}" for name in kept} <= triggers


_ON_SQLITE = ("text_changed", "words_added", "words_changed", "words_removed")


def test_a_python_without_fts5_is_told_what_to_do() -> None:
    class NoFts5:
        """A cursor of such an SQLite."""

        def __enter__(self) -> "NoFts5":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def execute(self, sql: str) -> None:
            assert "FTS5" in sql

        def fetchone(self) -> None:
            return None

    editor = SimpleNamespace(connection=SimpleNamespace(vendor="sqlite", cursor=NoFts5))
    with pytest.raises(CommandError, match="has no FTS5"):
        KeepWords("messaging_message").database_forwards("messaging", editor, None, None)
