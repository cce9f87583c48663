"""An index of uploads by what is in them. Nobody waits for it."""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import Q

from core.db.migrations import AddIndexWithoutLock, RemoveIndexWithoutLock


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("messaging", "0024_uploaded")]
    operations: ClassVar[list[object]] = [
        RemoveIndexWithoutLock("attachment", "attachment_uploaded"),
        AddIndexWithoutLock(
            "attachment",
            models.Index(fields=["sha256"], condition=Q(uploaded=True), name="attachment_by_content"),
        ),
    ]
