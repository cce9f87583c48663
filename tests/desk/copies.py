"""Whether each chat has its customer's owner, and whether the customer was merged, in its own row."""

from django.db.models import F, Q

from messaging.models import Conversation


def wrong_copies() -> list[int]:
    """The customers whose chat says something else than their own row."""
    same_owner = Q(owner_id=F("customer__owner_id")) | Q(owner_id=None, customer__owner_id=None)
    same_merge = Q(merged_into=F("customer__merged_into_id")) | Q(merged_into=None, customer__merged_into_id=None)
    wrong = Conversation.objects.exclude(same_owner & same_merge)
    return list(wrong.values_list("customer_id", flat=True))
