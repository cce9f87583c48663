"""What is searched, folded, beside what is shown."""

from typing import ClassVar

from django.db import migrations

from core.folding import FoldedField


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("contacts", "0003_reached_when_confirmed")]
    operations: ClassVar[list[object]] = [
        migrations.AddField("contact", "folded", FoldedField("email", editable=False, null=True)),
    ]
