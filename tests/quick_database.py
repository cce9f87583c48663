"""The test database without what only keeps data through a power failure, and emptied only where something is."""

from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper


def forget_power_failures() -> None:
    """Let commits not wait for the disk, in every connection that is opened from now on."""
    for database in connections.settings.values():
        options: dict[str, Any] = database["OPTIONS"]
        if database["ENGINE"] == "core.db.sqlite":
            options["init_command"] = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")
        else:
            options["options"] = f"-c synchronous_commit=off {options.get('options', '')}".strip()


def flush_filled(style: Any, connection: BaseDatabaseWrapper, *_: Any, **__: Any) -> list[str]:
    """The statements that empty the tables which have rows. TRUNCATE, for all of them, takes PostgreSQL much longer.

    In one transaction, because foreign keys are checked at its end. As with Django's, ids go on from where they were.
    """
    quoted = [connection.ops.quote_name(table) for table in connection.introspection.django_table_names(True, False)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"EXISTS(SELECT 1 FROM {table})" for table in quoted))
        filled = [table for table, is_filled in zip(quoted, cursor.fetchone(), strict=True) if is_filled]
    # With no statement at all Django would not restore what is there after migrations.
    return [f"DELETE FROM {table}" for table in filled] or ["SELECT 1"]
