"""Customers who are routed when something else changes: somebody is free, is there again, or is away for too long."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from accounts.models import Availability, User
from core.db.failures import passing_busy
from core.lookout import Lookout
from customers.models import CustomerNotFound
from messaging.actions.routing import chosen_by_hand_since, reroute
from messaging.load import Turns
from messaging.models import Conversation, PendingRoute

_AT_ONCE = 100


class Routes(Lookout[list[int]]):
    """The relay's source of customers who are to get another salesperson, or their own again."""

    SECONDS = 1.0

    def look(self) -> list[int] | None:
        # Twice is once: whoever routes looks again.
        return [*self._pending(), *self._waiting_for_who_is_away()]

    def run(self, job: list[int]) -> None:
        for customer_id in job:
            with passing_busy(f"the route of customer {customer_id}"):
                try:
                    reroute(customer_id)
                except CustomerNotFound:
                    # Merged into another one, whose own route counts.
                    PendingRoute.objects.filter(customer=customer_id).delete()

    def _pending(self) -> list[int]:
        """Those for whom something can be done now, who have waited longest first."""
        rows = PendingRoute.objects.order_by("since", "pk")
        if not rows.exists():
            return []
        owned = Q(customer__owner__isnull=False)
        settled = owned & Q(returns_to=None)
        back = Q(returns_to__availability=Availability.ONLINE) & ~Q(returns_to=F("customer__owner"))
        answered = Q(customer__conversation__waiting_since=None) | Q(
            customer__conversation__waiting_since__gt=F("since")
        )
        due = settled | back | (answered & owned)
        if settings.ASSIGNMENT_STRATEGY != "manual" and Turns(lock=False).next() is not None:
            due |= ~owned
        return list(rows.filter(due).values_list("pk", flat=True)[:_AT_ONCE])

    def _waiting_for_who_is_away(self) -> list[int]:
        if not settings.RETURN_AFTER_MINUTES or settings.ASSIGNMENT_STRATEGY == "manual":
            return []
        over = timezone.now() - timedelta(minutes=settings.RETURN_AFTER_MINUTES)
        gone = Q(availability_since=None) | Q(availability_since__lte=over)
        away = User.objects.sellers().filter(gone, availability=Availability.AWAY)
        ids = list(away.values_list("pk", flat=True))
        if not ids:
            return []
        chats = Conversation.objects.filter(waiting_since__lte=over, owner__in=ids, merged_into=None)
        chats = chats.exclude(Exists(chosen_by_hand_since(over).filter(customer=OuterRef("pk"))))
        return list(chats.order_by("waiting_since", "pk").values_list("pk", flat=True)[:_AT_ONCE])
