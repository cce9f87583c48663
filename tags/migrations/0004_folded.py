"""What is searched, folded, beside what is shown."""

from typing import ClassVar

from django.db import migrations

from core.folding import FoldedField


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("tags", "0003_name_key")]
    operations: ClassVar[list[object]] = [
        migrations.AddField("tag", "folded", FoldedField("name", editable=False, null=True)),
    ]
