"""Customers are found by the advertisement that brought them, and by when. Nobody waits for the indexes."""

from typing import ClassVar

from django.db import migrations
from django.db.models import Index, Q

from core.db.migrations import AddIndexWithoutLock
from customers.models.touches import Touch

BY_AD = Q(referral_first__isnull=False)


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("customers", "0018_count_in_base_currency")]
    operations: ClassVar[list[object]] = [
        AddIndexWithoutLock(
            "customer", Index(Touch("referral_first", said="source_id"), condition=BY_AD, name="customer_ad_first")
        ),
        AddIndexWithoutLock(
            "customer",
            Index(
                Touch("referral_last", said="source_id"),
                condition=Q(referral_last__isnull=False),
                name="customer_ad_last",
            ),
        ),
        AddIndexWithoutLock(
            "customer", Index(Touch("referral_first", said="at"), condition=BY_AD, name="customer_touched")
        ),
    ]
