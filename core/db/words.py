"""A column with the words of a text, and the index that finds rows by them.

PostgreSQL keeps them as a tsvector with a GIN index, SQLite as text with a table of FTS5 beside the model's. Triggers
keep that table, and empty the column when somebody changes the text without it: a version before, or SQL by hand.
"""

from collections.abc import Callable
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Lookup, QuerySet

from core.words import Wanted, words_of

_Field: Any = models.Field


class WordsField(_Field):  # type: ignore[misc]  # Field takes no types when it runs
    """The words of what stands in the column `of`, set when a row is inserted. Null: they are still to be found.

    Models of migrations do not know that column, and leave it empty.
    """

    def __init__(self, of: str = "", **kwargs: Any) -> None:
        self.of = of
        super().__init__(null=True, editable=False, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {k: v for k, v in kwargs.items() if k not in ("null", "editable")}

    def db_type(self, connection: Any) -> str:
        return "tsvector" if connection.vendor == "postgresql" else "text"

    def from_columns(self, columns: dict[str, Any]) -> str:
        """Its value in a row that is inserted with these columns (core/db/compiled.py)."""
        return joined(columns.get(self.of, ""))

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        if add and self.of:
            setattr(model_instance, self.attname, joined(getattr(model_instance, self.of)))
        return super().pre_save(model_instance, add)


def joined(text: str) -> str:
    """The words of a text as a WordsField takes them."""
    return " ".join(words_of(text))


@transaction.atomic
def store_missing(rows: QuerySet[Any], text_of: Callable[[Any], str]) -> int:
    """Find the words of those rows that have none in their column `words`. Returns of how many.

    Rows that somebody is changing at this moment are left for another time, so nobody waits for somebody who waits.
    """
    missing = rows.filter(words=None)
    if connection.features.has_select_for_update_skip_locked:
        missing = missing.select_for_update(no_key=True, skip_locked=True)
    found = {row.pk: joined(text_of(row)) for row in missing}
    table = connection.ops.quote_name(rows.model._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"UPDATE {table} SET words = given.words::tsvector "
                f"FROM unnest(%s::bigint[], %s::text[]) AS given(id, words) WHERE {table}.id = given.id",
                [list(found), list(found.values())],
            )
        else:
            cursor.executemany(
                f"UPDATE {table} SET words = %s WHERE id = %s", [(words, pk) for pk, words in found.items()]
            )
    return len(found)


def forget_words(rows: QuerySet[Any]) -> None:
    """Take the words of rows that will be deleted out of the index. Belongs into the transaction that deletes them.

    FTS5 only marks what is deleted, until it writes the index anew, as it is told here. PostgreSQL has VACUUM for it.
    """
    if connection.vendor == "sqlite" and rows.exclude(words=None).update(words=None):
        table = connection.ops.quote_name(index_table(rows.model._meta.db_table))
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {table}({table}) VALUES ('optimize')")


def has_more_than(most: int, table: str, wanted: Wanted) -> bool:
    """Whether more than so many rows of a table of SQLite have the words. Asks the index, and no longer than needed."""
    index = connection.ops.quote_name(index_table(table))
    found = f"SELECT rowid FROM {index} WHERE {index} MATCH %s LIMIT %s"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM ({found})", [_for_fts5(wanted), most + 1])
        return int(cursor.fetchone()[0]) > most


def _for_fts5(wanted: Wanted) -> str:
    begun = (f'"{word}" *' for word in wanted.begun)
    return " AND ".join([*(f'"{word}"' for word in wanted.whole), *begun])


class _Words(Lookup):
    prepare_rhs = False

    @property
    def wanted(self) -> Wanted:
        return self.rhs  # type: ignore[no-any-return]  # Django says Any

    def _matches(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """The condition of PostgreSQL."""
        column, given = self.process_lhs(compiler, connection)
        query = " & ".join(
            [*(f"'{word}'" for word in self.wanted.whole), *(f"'{word}':*" for word in self.wanted.begun)]
        )
        return f"{column} @@ %s::tsquery", [*given, query]


@WordsField.register_lookup
class HasWords(_Words):
    """Rows with these words (core.words.Wanted), found by the index."""

    lookup_name = "has"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        if connection.vendor == "postgresql":
            return self._matches(compiler, connection)
        meta = self.lhs.target.model._meta
        table = connection.ops.quote_name(index_table(meta.db_table))
        key, _ = compiler.compile(meta.pk.get_col(self.lhs.alias))
        return f"{key} IN (SELECT rowid FROM {table} WHERE {table} MATCH %s)", [_for_fts5(self.wanted)]


@WordsField.register_lookup
class ReadsWords(_Words):
    """The same rows, found by reading one row after the other: for the few newest."""

    lookup_name = "reads"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        if connection.vendor == "postgresql":
            # An index cannot be used for what is asked in this way.
            condition, given = self._matches(compiler, connection)
            return f"({condition}) IS TRUE", given
        column, _ = self.process_lhs(compiler, connection)
        parts = [*(f" {word} " for word in self.wanted.whole), *(f" {word}" for word in self.wanted.begun)]
        return " AND ".join([f"INSTR(' ' || {column} || ' ', %s) > 0"] * len(parts)), parts


def index_table(table: str) -> str:
    """The table of FTS5 beside a table of SQLite."""
    return f"{table}_words"
