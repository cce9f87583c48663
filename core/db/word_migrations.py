"""Operations for migrations of tables with a WordsField (core/db/words.py)."""

from typing import Any

from django.core.management.base import CommandError
from django.db.migrations.operations.base import Operation

from core.db.migrations import build_index
from core.db.words import index_table


class KeepWords(Operation):
    """Let the database keep the words of a table of this app: the triggers, and on SQLite the index.

    A migration that makes SQLite build the table anew loses its triggers, and has to do this again.
    """

    reversible = True

    def __init__(self, table: str, *, text: str = "text", words: str = "words") -> None:
        self.table, self.text, self.words = table, text, words

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models do not know it."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "sqlite":
            with schema_editor.connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pragma_compile_options WHERE compile_options = 'ENABLE_FTS5'")
                if cursor.fetchone() is None:
                    raise CommandError(_NO_FTS5)
        for statement in self.statements(schema_editor.connection.vendor):
            schema_editor.execute(statement, params=None)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for statement in self.statements(schema_editor.connection.vendor, "drop"):
            schema_editor.execute(statement, params=None)

    def describe(self) -> str:
        return f"Keep the words of {self.table}"

    def statements(self, vendor: str, act: str = "create") -> list[str]:
        """What a database is told."""
        names = {"table": self.table, "index": index_table(self.table), "text": self.text, "words": self.words}
        return [statement.format(**names) for statement in _STATEMENTS[vendor, act]]


class AddWordsIndex(Operation):
    """The index of PostgreSQL. SQLite has its own from KeepWords. Nobody waits for it."""

    reversible = True

    def __init__(self, table: str, name: str, *, words: str = "words") -> None:
        self.table, self.name, self.words = table, name, words

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models do not know it."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            # What is new is first put on a list, which every search reads, and which is sorted in by whoever fills it
            # up: 4 MB by default. Storing a row took 26 % more of the processor with no list, and 8 % with this one.
            using = f"USING gin ({self.words}) WITH (gin_pending_list_limit = 256)"
            build_index(schema_editor, self.name, f"CREATE INDEX {self.name} ON {self.table} {using}")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {self.name}")

    def describe(self) -> str:
        return f"Create index of words {self.name}"


_NO_FTS5 = (
    "The SQLite of this Python has no FTS5, which the search in messages needs: use another build of Python (those of "
    "python.org, Debian and Docker have it), or PostgreSQL, then migrate again."
)
_STATEMENTS = {
    ("postgresql", "create"): [
        """CREATE OR REPLACE FUNCTION {table}_text_changed() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN NEW.{words} := NULL; RETURN NEW; END $$""",
        "DROP TRIGGER IF EXISTS {table}_text_changed ON {table}",
        """CREATE TRIGGER {table}_text_changed BEFORE UPDATE OF {text} ON {table} FOR EACH ROW
        WHEN (NEW.{text} IS DISTINCT FROM OLD.{text} AND NEW.{words} IS NOT DISTINCT FROM OLD.{words})
        EXECUTE FUNCTION {table}_text_changed()""",
    ],
    ("postgresql", "drop"): [
        "DROP TRIGGER IF EXISTS {table}_text_changed ON {table}",
        "DROP FUNCTION IF EXISTS {table}_text_changed()",
    ],
    # The words are split already: `ascii` parts them at blanks alone. The index keeps no places, nor lengths.
    ("sqlite", "create"): [
        """CREATE VIRTUAL TABLE IF NOT EXISTS {index} USING fts5({words}, content='{table}', content_rowid='id',
        tokenize='ascii', detail=none, columnsize=0)""",
        # Each message writes a page of the index: with small ones, half of what it costs.
        "INSERT INTO {index}({index}, rank) VALUES ('pgsz', 1000)",
        """CREATE TRIGGER IF NOT EXISTS {table}_words_added AFTER INSERT ON {table} WHEN NEW.{words} IS NOT NULL BEGIN
        INSERT INTO {index}(rowid, {words}) VALUES (NEW.id, NEW.{words}); END""",
        """CREATE TRIGGER IF NOT EXISTS {table}_words_removed AFTER DELETE ON {table} WHEN OLD.{words} IS NOT NULL BEGIN
        INSERT INTO {index}({index}, rowid, {words}) VALUES ('delete', OLD.id, OLD.{words}); END""",
        """CREATE TRIGGER IF NOT EXISTS {table}_words_changed AFTER UPDATE OF {words} ON {table}
        WHEN NEW.{words} IS NOT OLD.{words} BEGIN
        INSERT INTO {index}({index}, rowid, {words}) SELECT 'delete', OLD.id, OLD.{words} WHERE OLD.{words} IS NOT NULL;
        INSERT INTO {index}(rowid, {words}) SELECT NEW.id, NEW.{words} WHERE NEW.{words} IS NOT NULL; END""",
        """CREATE TRIGGER IF NOT EXISTS {table}_text_changed AFTER UPDATE OF {text} ON {table}
        WHEN NEW.{text} IS NOT OLD.{text} AND NEW.{words} IS OLD.{words} BEGIN
        UPDATE {table} SET {words} = NULL WHERE id = NEW.id; END""",
    ],
    ("sqlite", "drop"): [
        "DROP TRIGGER IF EXISTS {table}_text_changed",
        "DROP TRIGGER IF EXISTS {table}_words_changed",
        "DROP TRIGGER IF EXISTS {table}_words_removed",
        "DROP TRIGGER IF EXISTS {table}_words_added",
        "DROP TABLE IF EXISTS {index}",
    ],
}
