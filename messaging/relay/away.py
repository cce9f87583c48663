"""Away messages: whoever writes while the desk is closed is told so, once in each closed period."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from core.db.failures import passing_busy
from core.lookout import Lookout
from customers.models import CustomerNotFound
from messaging.actions.automatic import send_away_message
from messaging.actions.working_hours import hours_by_number
from messaging.desk.chats import window_open
from messaging.models import Conversation

_AT_ONCE = 200


@dataclass(frozen=True)
class Job:
    """Customers who wrote in a closed period, and what they are told."""

    customer_ids: list[int]
    text: str
    closed_since: datetime


class AwayMessages(Lookout[Job]):
    """The relay's source of customers who wrote while the desk is closed."""

    SECONDS = 2.0

    def look(self) -> Job | None:
        rows, now = hours_by_number(), timezone.now()
        own = [pk for pk in rows if pk is not None]
        for number_id, row in rows.items():
            since = row.hours.closed_since(now) if row.away_message else None
            if since is None:
                continue
            chats = Conversation.objects.filter(business_number=number_id) if number_id else _of_others(own)
            if ids := _untold(chats, since, now):
                return Job(ids, row.away_message, since)
        return None

    def run(self, job: Job) -> None:
        for customer_id in job.customer_ids:
            with passing_busy(f"the away message to customer {customer_id}"):
                try:
                    send_away_message(customer_id=customer_id, text=job.text, closed_since=job.closed_since)
                except CustomerNotFound:  # erased or merged meanwhile
                    continue


def _of_others(own: list[int]) -> QuerySet[Conversation]:
    return Conversation.objects.exclude(business_number__in=own)


def _untold(chats: QuerySet[Conversation], since: datetime, now: datetime) -> list[int]:
    # Those who cannot be written to would stay, and in time be all that is found.
    wrote = chats.filter(window_open(now), last_inbound_at__gte=since, waiting_since__isnull=False)
    untold = wrote.filter(Q(away_told_at=None) | Q(away_told_at__lt=since), customer__merged_into=None)
    untold = untold.filter(customer__blocked_at=None)
    return list(untold.order_by("last_inbound_at").values_list("customer_id", flat=True)[:_AT_ONCE])
