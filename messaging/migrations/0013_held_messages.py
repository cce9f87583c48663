"""Why a provider took a message and does not deliver it yet."""

from typing import ClassVar

from django.db import migrations, models

_WORDS = [("held_for_quality_assessment", "Quality"), ("paused", "Paused")]


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("messaging", "0012_unread_index")]
    operations: ClassVar[list[object]] = [
        migrations.AddField("message", "held", models.CharField(blank=True, choices=_WORDS, max_length=30, null=True)),
    ]
