"""What is searched of existing rows. Nobody waits for it, and it may be broken off and done again."""

from typing import ClassVar

from django.db import migrations

from core.db.migrations import fold_rows_of


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("tags", "0004_folded")]
    operations: ClassVar[list[object]] = [
        fold_rows_of("tags", "Tag"),
    ]
