"""Operations for migrations of big tables: on PostgreSQL they keep nobody from writing. Needs `atomic = False`."""

from collections import deque
from typing import Any

from django.core.management.base import CommandError
from django.db import DatabaseError
from django.db.migrations.operations import AddConstraint, AddIndex, RemoveIndex, RunPython
from django.db.migrations.operations.base import Operation
from django.db.models import Q

from core.folding import fold_rows, not_folded

# The letters that `folded` left as they were before it knew them.
LEFT_LETTERS = "ıłđðøħŧŋɓɗƙəæœþ"


class AddIndexWithoutLock(AddIndex):
    """`AddIndex`, concurrently where the database can. One that broke off half-way is built anew."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        elif self.allow_migrate_model(schema_editor.connection.alias, model):
            build_index(schema_editor, self.index.name, self.index.create_sql(model, schema_editor))


class RemoveIndexWithoutLock(RemoveIndex):
    """`RemoveIndex`, concurrently where the database can."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {schema_editor.quote_name(self.name)}")
        else:
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        index = to_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
        AddIndexWithoutLock(self.model_name, index).database_forwards(app_label, schema_editor, from_state, to_state)


class AddUniqueWithoutLock(AddConstraint):
    """`AddConstraint` for a UniqueConstraint with a condition, which on PostgreSQL is an index: concurrently there."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        elif self.allow_migrate_model(schema_editor.connection.alias, model):
            build_index(schema_editor, self.constraint.name, self.constraint.create_sql(model, schema_editor))


def create_extension(schema_editor: Any, name: str) -> None:
    """Create an extension of PostgreSQL, unless it is there. Raises CommandError, whose text says what to do."""
    try:
        schema_editor.execute(f"CREATE EXTENSION IF NOT EXISTS {schema_editor.quote_name(name)}")
    except DatabaseError as error:
        said = " ".join(str(error).split())
        raise CommandError(
            f'This login may not create the extension {name}: run "CREATE EXTENSION {name}" in this database as a '
            f"superuser, then migrate again (docs/operations/limits.md). PostgreSQL says: {said}"
        )


def fold_rows_of(app: str, *models: str) -> RunPython:
    """Fill the folded columns of these models (core/folding.py), in batches of which each is a transaction."""

    def fold(apps: Any, schema_editor: Any) -> None:
        for name in models:
            model = apps.get_model(app, name)
            deque(fold_rows(model, not_folded(model)), maxlen=0)

    return RunPython(fold, RunPython.noop)


def fold_left_letters_of(app: str, *models: str) -> RunPython:
    """Fold those rows of these models anew that have one of LEFT_LETTERS, in batches of which each is a transaction."""

    def fold(apps: Any, schema_editor: Any) -> None:
        for name in models:
            deque(fold_rows(apps.get_model(app, name), Q(folded__regex=f"[{LEFT_LETTERS}]")), maxlen=0)

    return RunPython(fold, RunPython.noop)


def build_index(schema_editor: Any, name: str, statement: Any) -> None:
    """Create an index by its statement, concurrently. Only on PostgreSQL."""
    schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {schema_editor.quote_name(name)}")
    created = str(statement).replace("INDEX", "INDEX CONCURRENTLY", 1)
    schema_editor.execute(created, params=None)


class AddTrigramIndex(Operation):
    """An index for LIKE on `expression`, a piece of SQL; only on PostgreSQL, which has pg_trgm. Nobody waits for it."""

    reversible = True

    def __init__(self, table: str, name: str, expression: str) -> None:
        self.table, self.name, self.expression = table, name, expression

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models do not know it: other databases have no such index."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            using = f"USING gin (({self.expression}) gin_trgm_ops)"
            build_index(schema_editor, self.name, f"CREATE INDEX {self.name} ON {self.table} {using}")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {self.name}")

    def describe(self) -> str:
        return f"Create trigram index {self.name}"


class RemoveTrigramIndex(AddTrigramIndex):
    """The reverse of AddTrigramIndex."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        super().database_backwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        super().database_forwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return f"Remove trigram index {self.name}"
