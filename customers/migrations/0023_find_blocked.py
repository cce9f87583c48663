"""Few customers are blocked: the list of Django admin finds them without reading all."""

from typing import ClassVar

from django.db import migrations, models

from core.db.migrations import AddIndexWithoutLock


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("customers", "0022_blocked")]
    operations: ClassVar[list[object]] = [
        AddIndexWithoutLock(
            "customer",
            models.Index(fields=["id"], condition=models.Q(blocked_at__isnull=False), name="customer_blocked"),
        ),
    ]
