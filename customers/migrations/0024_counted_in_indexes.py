"""Figures of customers, of their tiers, sources and groups, from indexes without the table. Nobody waits for these.

With 200,000 customers they come to 15 MB, and the one of owners grows by 5 MB.
"""

from typing import ClassVar

from django.db import migrations, models

from core.db.migrations import AddIndexWithoutLock, RemoveIndexWithoutLock

SHOWN = models.Q(merged_into__isnull=True)
FIGURES = [
    "is_active",
    "is_verified",
    "is_vip",
    "accepts_marketing_email",
    "accepts_marketing_sms",
    "total_orders",
    "total_spent",
]


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("customers", "0023_find_blocked")]
    operations: ClassVar[list[object]] = [
        *(
            AddIndexWithoutLock("customer", index)
            for index in (
                models.Index(
                    fields=["id"],
                    include=["owner", "phone_verified", "gender", "preferred_language", "preferred_currency"],
                    condition=SHOWN,
                    name="customer_by_id",
                ),
                models.Index(fields=["source"], condition=SHOWN, name="customer_by_source"),
                models.Index(fields=["loyalty_tier", "id"], include=FIGURES, condition=SHOWN, name="customer_by_tier"),
                models.Index(
                    fields=["id"],
                    include=["total_orders", "total_spent"],
                    condition=models.Q(is_vip=True) & SHOWN,
                    name="customer_by_vip",
                ),
                models.Index(
                    fields=["owner", "-desk_at", "-id"],
                    include=["source", "loyalty_tier", *FIGURES],
                    condition=SHOWN,
                    name="customer_by_owner",
                ),
            )
        ),
        *(RemoveIndexWithoutLock("customer", f"customer_{name}") for name in ("shown", "vip", "of_owner")),
    ]
