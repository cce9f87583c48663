"""Chats whose snooze has ended: they are opened."""

from django.utils import timezone

from core.db.failures import passing_busy
from core.lookout import Lookout
from customers.models import CustomerNotFound
from messaging.actions.chat_states import wake_chat
from messaging.models import ChatState, Conversation

_AT_ONCE = 200


class Wakings(Lookout[list[int]]):
    """The relay's source of snoozed chats whose time has come."""

    SECONDS = 2.0

    def look(self) -> list[int] | None:
        ended = Conversation.objects.filter(state=ChatState.SNOOZED, snoozed_until__lte=timezone.now())
        shown = ended.filter(customer__merged_into=None).order_by("snoozed_until")
        ids = list(shown.values_list("customer_id", flat=True)[:_AT_ONCE])
        if len(ids) == _AT_ONCE:
            self.look_again()
        return ids

    def run(self, job: list[int]) -> None:
        for customer_id in job:
            with passing_busy(f"the snoozed chat with customer {customer_id}"):
                try:
                    wake_chat(customer_id=customer_id)
                except CustomerNotFound:  # erased or merged meanwhile
                    continue
