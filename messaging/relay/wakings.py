"""Chats whose snooze has ended: they are opened."""

import time
from datetime import datetime

from django.utils import timezone

from core.db.failures import passing_busy
from customers.models import CustomerNotFound
from messaging.actions.chat_states import wake_chat
from messaging.models import ChatState, Conversation

LOOK_SECONDS = 2.0
_AT_ONCE = 200


class Wakings:
    """The relay's source of snoozed chats whose time has come."""

    workers = 1

    def __init__(self) -> None:
        self._looked_at = -LOOK_SECONDS

    def settle(self, *, everything: bool) -> None:
        """There are no leases: whoever wakes a chat at the same time locks the same customer, and finds it open."""

    def after_restore(self, *, before: datetime) -> int:
        """Nothing to give up: a chat that is opened twice is open."""
        return 0

    def claim(self, limit: int) -> list[list[int]]:
        if time.monotonic() - self._looked_at < LOOK_SECONDS:
            return []
        ended = Conversation.objects.filter(state=ChatState.SNOOZED, snoozed_until__lte=timezone.now())
        shown = ended.filter(customer__merged_into=None).order_by("snoozed_until")
        ids = list(shown.values_list("customer_id", flat=True)[:_AT_ONCE])
        if len(ids) < _AT_ONCE:
            self._looked_at = time.monotonic()
        return [ids] if ids else []

    def run(self, job: list[int]) -> None:
        for customer_id in job:
            with passing_busy(f"the snoozed chat with customer {customer_id}"):
                try:
                    wake_chat(customer_id=customer_id)
                except CustomerNotFound:  # erased or merged meanwhile
                    continue
