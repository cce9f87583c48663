"""What is searched of existing rows. Nobody waits for it, and it may be broken off and done again."""

from typing import ClassVar

from django.db import migrations, models

from core.db.migrations import AddIndexWithoutLock, fold_rows_of


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("contacts", "0004_folded")]
    operations: ClassVar[list[object]] = [
        fold_rows_of("contacts", "Contact"),
        AddIndexWithoutLock(
            "contact", models.Index(fields=["id"], condition=models.Q(folded=None), name="contact_not_folded")
        ),
    ]
