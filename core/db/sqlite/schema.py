"""Changes of tables, which keep their triggers."""

from typing import Any

from django.db.backends.sqlite3.schema import DatabaseSchemaEditor

_Editor: Any = DatabaseSchemaEditor


class SchemaEditor(_Editor):  # type: ignore[misc]  # the stubs lack the method overridden below
    """Django's, which makes a table anew for most changes.

    The triggers of the table go with the old one, and those of other tables that name it let SQLite refuse to rename
    the new one. So all of them are dropped before, and made again after it.
    """

    def _remake_table(self, model: Any, *args: Any, **options: Any) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND instr(sql, %s)", [model._meta.db_table]
            )
            triggers = cursor.fetchall()
        for name, _ in triggers:
            self.execute(f"DROP TRIGGER {self.quote_name(name)}")
        super()._remake_table(model, *args, **options)
        for _, sql in triggers:
            self.execute(sql, params=None)
