"""Who owned the chat when an answer was sent, for the report on response times. Unknown of what was sent before."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("messaging", "0025_uploads_by_content")]
    operations: ClassVar[list[object]] = [
        migrations.AddField("message", "sent_for", models.BigIntegerField(blank=True, null=True)),
    ]
