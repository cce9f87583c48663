"""What is searched of logins and teams, and what their names are compared by, beside what is shown."""

from typing import ClassVar

from django.db import migrations

from core.folding import FoldedField, KeyField


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("accounts", "0008_availability")]
    operations: ClassVar[list[object]] = [
        migrations.AddField(
            "user", "folded", FoldedField("username", "email", "first_name", "last_name", editable=False, null=True)
        ),
        migrations.AddField("user", "username_key", KeyField("username", editable=False, null=True)),
        migrations.AddField("user", "email_key", KeyField("email", editable=False, null=True)),
        migrations.AddField("team", "folded", FoldedField("name", editable=False, null=True)),
        migrations.AddField("team", "name_key", KeyField("name", editable=False, null=True)),
    ]
