"""Customers who have waited for too long (setting FIRST_RESPONSE_MINUTES): their owners and managers are told."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from core.db.failures import passing_busy
from core.lookout import Lookout
from customers.models import CustomerNotFound
from messaging.actions.overdue import UNTOLD, tell_overdue
from messaging.actions.working_hours import hours_by_number
from messaging.hours import ALWAYS
from messaging.models import Conversation

_AT_ONCE = 200

# Customers, and since when at the latest they wait.
Job = tuple[list[int], datetime]


class Overdue(Lookout[Job]):
    """The relay's source of customers who have waited for too long."""

    SECONDS = 5.0

    def look(self) -> Job | None:
        if not settings.FIRST_RESPONSE_MINUTES:
            return None
        rows, now = hours_by_number(), timezone.now()
        wait = timedelta(minutes=settings.FIRST_RESPONSE_MINUTES)
        untold = Conversation.objects.filter(UNTOLD, customer__merged_into=None)
        own = [number_id for number_id in rows if number_id is not None]
        chats: dict[int | None, QuerySet[Conversation]] = {pk: untold.filter(business_number=pk) for pk in own}
        chats[None] = untold.exclude(business_number__in=own)
        for number_id, those in chats.items():
            latest = (rows[number_id].hours if number_id in rows else ALWAYS).latest_start(now, wait)
            if latest is not None and (ids := _waiting_since(those, latest)):
                return ids, latest
        return None

    def run(self, job: Job) -> None:
        ids, latest = job
        for customer_id in ids:
            with passing_busy(f"the wait of customer {customer_id}"):
                try:
                    tell_overdue(customer_id=customer_id, latest=latest)
                except CustomerNotFound:  # erased or merged meanwhile
                    continue


def _waiting_since(chats: QuerySet[Conversation], latest: datetime) -> list[int]:
    found = chats.filter(waiting_since__lte=latest).order_by("waiting_since")
    return list(found.values_list("customer_id", flat=True)[:_AT_ONCE])
