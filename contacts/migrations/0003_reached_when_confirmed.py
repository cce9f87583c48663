"""Whoever writes is found by the numbers of confirmed contacts. On PostgreSQL everybody goes on writing meanwhile."""

from typing import ClassVar

from django.db import migrations, models

from core.db.migrations import AddIndexWithoutLock


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("contacts", "0002_confirmed_contacts")]
    operations: ClassVar[list[object]] = [
        AddIndexWithoutLock(
            "contact",
            models.Index(
                fields=["wa_number"],
                condition=models.Q(is_active=True, is_confirmed=True),
                name="contact_reached_by",
            ),
        ),
        migrations.RemoveIndex("contact", "contact_reached_at"),
    ]
