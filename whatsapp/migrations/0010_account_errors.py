"""The errors of the account that Meta reports in a webhook."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("whatsapp", "0009_template_syncs")]
    operations: ClassVar[list[object]] = [
        migrations.AddField("webhookevent", "account_errors", models.TextField(blank=True, db_default="", default="")),
    ]
