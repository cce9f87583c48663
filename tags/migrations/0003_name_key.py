"""Names are compared folded, whatever the database makes of letters beyond ASCII."""

import unicodedata
from typing import ClassVar

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

import tags.models


def fold(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    tag_model = apps.get_model("tags", "Tag")
    for pk, name in tag_model.objects.values_list("pk", "name"):
        tag_model.objects.filter(pk=pk).update(name_key=unicodedata.normalize("NFC", name).casefold())


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("tags", "0002_system_tags")]
    operations: ClassVar[list[object]] = [
        migrations.AddField("tag", "name_key", tags.models.NameKeyField(max_length=300, default="", editable=False)),
        migrations.RunPython(fold, migrations.RunPython.noop),
        migrations.AlterField("tag", "name_key", tags.models.NameKeyField(max_length=300, unique=True, editable=False)),
        migrations.RemoveConstraint("tag", "tag_name_any_case"),
        migrations.AlterField("tag", "name", models.CharField(max_length=100, validators=[tags.models.check_name])),
    ]
