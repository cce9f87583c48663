"""The row that `/readyz` writes."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("core", "0002_name_this_installation")]
    operations: ClassVar[list[object]] = [
        migrations.CreateModel(
            name="WriteProbe",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("written_at", models.DateTimeField()),
            ],
        ),
    ]
