"""What is searched, folded, beside what is shown."""

from typing import ClassVar

from django.db import migrations

from core.folding import FoldedField


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("customer_data", "0001_initial")]
    operations: ClassVar[list[object]] = [
        migrations.AddField("customerdata", "folded", FoldedField("key", "value", editable=False, null=True)),
    ]
