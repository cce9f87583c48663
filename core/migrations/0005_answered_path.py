"""The paths of the POSTs whose answers are kept."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("core", "0004_answered")]
    operations: ClassVar[list[object]] = [
        migrations.AddField("answered", "path", models.CharField(default="", max_length=500)),
    ]
