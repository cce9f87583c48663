"""A backup has to know which installation it is of, even if it is made before anything was ever sent."""

import uuid
from typing import Any

from django.db import migrations


def name(apps: Any, schema_editor: Any) -> None:
    apps.get_model("core", "Installation").objects.get_or_create(pk=1, defaults={"key": uuid.uuid4()})


class Migration(migrations.Migration):
    dependencies = [("core", "0001_installation_and_chores")]

    operations = [migrations.RunPython(name, migrations.RunPython.noop)]
