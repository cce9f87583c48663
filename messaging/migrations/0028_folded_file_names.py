"""File names as they are searched, beside what is shown."""

from typing import ClassVar

from django.db import migrations

from core.folding import FoldedField


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("messaging", "0027_history")]
    operations: ClassVar[list[object]] = [
        migrations.AddField("attachment", "folded", FoldedField("file_name", editable=False, null=True)),
    ]
