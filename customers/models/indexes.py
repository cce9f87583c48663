"""The indexes of customers. Migrations add some more that SQLite does not have."""

from typing import Any

from django.db.models import Index, Q
from django.db.models.functions import Lower

from customers.models.touches import Touch, ad_of

# Not merged into another one.
_SHOWN = Q(merged_into__isnull=True)
_BY_AD = Q(referral_first__isnull=False)
# What reports and the rules of groups ask most. Indexes include it, so that they are read without the table.
_FIGURES = [
    "is_active",
    "is_verified",
    "is_vip",
    "accepts_marketing_email",
    "accepts_marketing_sms",
    "total_orders",
    "total_spent",
]

INDEXES: list[Any] = [
    # For the search: the constraint is the index of those that are trusted (and of claims: migration 0010).
    Index(fields=["phone"], condition=Q(phone_trusted=False), name="customer_phone_not_trusted"),
    Index(fields=["merged_into"], condition=Q(merged_into__isnull=False), name="customer_merged"),
    # Lists as they open, and filters for which there is no other index: read without the table.
    Index(
        fields=["id"],
        include=["owner", "phone_verified", "gender", "preferred_language", "preferred_currency"],
        condition=_SHOWN,
        name="customer_by_id",
    ),
    # The orderings of the lists, read in both directions: only of the customers who are shown, so that
    # PostgreSQL finds any page, and counts an owner's rows, without looking into the table.
    Index(fields=["-desk_at", "-id"], condition=_SHOWN, name="customer_by_desk"),
    Index(
        fields=["owner", "-desk_at", "-id"],
        include=["source", "loyalty_tier", *_FIGURES],
        condition=_SHOWN,
        name="customer_by_owner",
    ),
    Index(
        Lower("first_name"),
        Lower("last_name"),
        "id",
        # PostgreSQL does not see that the index knows what it needs of an expression.
        include=["first_name", "last_name"],
        condition=_SHOWN,
        name="customer_by_name",
    ),
    Index(fields=["date_joined", "id"], condition=_SHOWN, name="customer_by_joined"),
    Index(fields=["updated_at", "id"], condition=_SHOWN, name="customer_by_updated"),
    Index(fields=["total_orders", "id"], condition=_SHOWN, name="customer_by_orders"),
    Index(fields=["total_spent", "id"], condition=_SHOWN, name="customer_by_spent"),
    # Latest first with nulls last is an index in migration 0005: SQLite has none of that kind.
    Index(fields=["last_order_date", "id"], condition=_SHOWN, name="customer_by_ordered"),
    # Counted by source, which is a tag, and by tier, with the figures of each.
    Index(fields=["source"], condition=_SHOWN, name="customer_by_source"),
    Index(fields=["loyalty_tier", "id"], include=_FIGURES, condition=_SHOWN, name="customer_by_tier"),
    # Few are VIPs, inactive or blocked. Without these, listing and counting them reads every row.
    Index(
        fields=["id"],
        include=["total_orders", "total_spent"],
        condition=Q(is_vip=True) & _SHOWN,
        name="customer_by_vip",
    ),
    Index(fields=["id"], condition=Q(is_active=False), name="customer_inactive"),
    Index(fields=["id"], condition=Q(blocked_at__isnull=False), name="customer_blocked"),
    # Who came by an advertisement, and when they first did.
    Index(ad_of("referral_first"), condition=_BY_AD, name="customer_ad_first"),
    Index(ad_of("referral_last"), condition=Q(referral_last__isnull=False), name="customer_ad_last"),
    Index(Touch("referral_first", said="at"), condition=_BY_AD, name="customer_touched"),
    # Those that the relay has to fold.
    Index(fields=["id"], condition=Q(folded=None), name="customer_not_folded"),
    # From a picture to its customer, on every download.
    Index(fields=["avatar"], condition=~Q(avatar=""), name="customer_avatar"),
]
