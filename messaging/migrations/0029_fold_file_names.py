"""What is searched of existing file names. Nobody waits for it, and it may be broken off and done again."""

from typing import ClassVar

from django.db import migrations, models

from core.db.migrations import AddIndexWithoutLock, fold_rows_of


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("messaging", "0028_folded_file_names")]
    operations: ClassVar[list[object]] = [
        fold_rows_of("messaging", "Attachment"),
        AddIndexWithoutLock(
            "attachment", models.Index(fields=["id"], condition=models.Q(folded=None), name="attachment_not_folded")
        ),
    ]
