"""The indexes by which chats are counted. Nobody waits for them.

They are read without the table only where VACUUM has been since a row changed. By default that waits until a fifth of all
rows have changed, which for the chats of a big desk is days.
"""

from typing import Any, ClassVar

from django.db import migrations, models
from django.db.models import Q

from core.db.migrations import AddIndexWithoutLock


def _on_postgresql(statement: str) -> Any:
    def execute(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"ALTER TABLE messaging_conversation {statement}")

    return execute


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("messaging", "0032_copy")]
    operations: ClassVar[list[object]] = [
        AddIndexWithoutLock(
            "conversation",
            models.Index(fields=["state", "owner"], condition=Q(merged_into=None), name="conversation_counted"),
        ),
        AddIndexWithoutLock(
            "conversation",
            models.Index(
                fields=["owner", "customer"],
                include=["waiting_since", "unread_count", "last_inbound_at", "business_number"],
                condition=Q(merged_into=None, state="open"),
                name="conversation_open",
            ),
        ),
        migrations.RunPython(
            _on_postgresql("SET (autovacuum_vacuum_scale_factor = 0.02)"),
            _on_postgresql("RESET (autovacuum_vacuum_scale_factor)"),
        ),
    ]
