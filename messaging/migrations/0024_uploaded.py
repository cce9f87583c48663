"""Which ids of files are those of uploads of ours."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("messaging", "0023_find_by_words")]
    operations: ClassVar[list[object]] = [
        migrations.AddField("attachment", "uploaded", models.BooleanField(db_default=False, default=False)),
    ]
