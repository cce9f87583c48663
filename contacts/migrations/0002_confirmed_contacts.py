"""Contacts for which staff vouch, and those that customers added themselves."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("contacts", "0001_initial")]
    operations: ClassVar[list[object]] = [
        migrations.AddField("contact", "is_confirmed", models.BooleanField(default=True)),
        migrations.AddField("contact", "added_by_customer", models.BooleanField(default=False)),
    ]
