"""How much each salesperson has to do."""

from collections.abc import Iterable

from django.db.models import Count

from messaging.models import ChatState, Conversation


def open_chats(seller_ids: Iterable[int]) -> dict[int, int]:
    """How many open chats each of these salespeople has: those of their customers that are not put away."""
    ids = list(seller_ids)
    chats = Conversation.objects.filter(state=ChatState.OPEN, customer__owner__in=ids, customer__merged_into=None)
    counts = dict(chats.order_by().values_list("customer__owner").annotate(Count("pk")))
    return {pk: counts.get(pk, 0) for pk in ids}
