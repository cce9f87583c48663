"""What is searched, folded, beside what is shown."""

from typing import ClassVar

from django.db import migrations

from core.folding import FoldedField


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("whatsapp", "0010_account_errors")]
    operations: ClassVar[list[object]] = [
        migrations.AddField("identity", "folded", FoldedField("username", "profile_name", editable=False, null=True)),
        migrations.AddField("template", "folded", FoldedField("name", editable=False, null=True)),
    ]
