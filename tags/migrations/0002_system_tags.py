"""The three tags that follow a customer's source."""

from typing import ClassVar

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

SYSTEM_TAGS = {"whatsapp": "Whatsapp", "telegram": "Telegram", "instagram": "Instagram"}


def create(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    tag_model = apps.get_model("tags", "Tag")
    for source, name in SYSTEM_TAGS.items():
        tag_model.objects.get_or_create(source=source, defaults={"name": name})


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("tags", "0001_initial")]
    operations: ClassVar[list[object]] = [migrations.RunPython(create, migrations.RunPython.noop)]
