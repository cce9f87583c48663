"""Indexes for the list of contacts: by filters, and on PostgreSQL by parts of emails and numbers. Nobody waits."""

from typing import ClassVar

from django.db import migrations, models

from core.db.migrations import AddIndexWithoutLock, AddTrigramIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("contacts", "0006_fold_left_letters")]
    operations: ClassVar[list[object]] = [
        AddTrigramIndex("contacts_contact", "contact_folded_trgm", "folded"),
        AddTrigramIndex("contacts_contact", "contact_wa_number_trgm", "wa_number"),
        AddTrigramIndex("contacts_contact", "contact_tp_number_trgm", "tp_number"),
        AddIndexWithoutLock(
            "contact",
            models.Index(
                fields=["customer", "id"],
                include=["is_active", "is_confirmed", "is_primary", "folded", "wa_number", "tp_number"],
                name="contact_of_customer",
            ),
        ),
        AddIndexWithoutLock(
            "contact",
            models.Index(
                fields=["id"], include=["customer"], condition=models.Q(is_active=False), name="contact_inactive"
            ),
        ),
        AddIndexWithoutLock(
            "contact",
            models.Index(
                fields=["id"], include=["customer"], condition=models.Q(is_confirmed=False), name="contact_unconfirmed"
            ),
        ),
    ]
