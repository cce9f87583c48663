"""Tells open chats why their messages wait when a number pauses, and when it sends again.

Only the first unfinished message of each chat is told: the others wait behind it, whatever the number does. A message
that was tried has been told already, with its outcome (messaging/relay/outcomes.py).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from customers.actions.locking import lock_customer_of
from customers.events import record
from customers.models import CustomerNotFound
from messaging.models import BusinessNumber, Message, PauseKind, Status
from messaging.serializers.messages import status_data
from messaging.serializers.waiting import pause_of

# A shorter pause for throttling is over before anybody has read of it.
WORTH_TELLING = timedelta(seconds=5)
_BATCH = 500

_FIRST_OF_CHATS = f"""
SELECT m.id FROM {Message._meta.db_table} m
WHERE m.status = 'queued' AND m.business_number_id = %s AND m.id > %s AND NOT EXISTS (
    SELECT 1 FROM {Message._meta.db_table} e
    WHERE e.customer_id = m.customer_id AND e.id < m.id AND e.status IN ('queued', 'sending'))
ORDER BY m.id LIMIT {_BATCH}
"""


@dataclass(frozen=True)
class Job:
    """A number whose chats are to be told; what they were told before, and what they are told now."""

    number_id: int
    before: str
    now: str


class PauseNotices:
    """The relay's source of numbers that have paused, or that send again."""

    workers = 1

    def settle(self, *, everything: bool) -> None:
        """Nothing to decide: a relay that dies in the middle leaves chats that learn of it when they are opened."""

    def after_restore(self, *, before: datetime) -> int:
        """Nothing is sent from here."""
        return 0

    def claim(self, limit: int) -> list[Job]:
        now = timezone.now()
        jobs = []
        for number in BusinessNumber.objects.order_by("pk"):
            state = _state(number, now)
            brief = number.pause_kind == PauseKind.THROTTLED and (number.paused_until or now) - now < WORTH_TELLING
            if state == number.told or (state and not number.told and brief):
                continue
            if BusinessNumber.objects.filter(pk=number.pk, told=number.told).update(told=state):
                jobs.append(Job(number.pk, number.told, state))
        return jobs[:limit] if len(jobs) <= limit else _given_back(jobs, limit)

    def run(self, job: Job) -> None:
        try:
            last = 0
            while ids := _first_of_chats(job.number_id, last):
                for pk in ids:
                    _tell(pk)
                last = ids[-1]
        except Exception:
            _give_back(job)
            raise


def _state(number: BusinessNumber, now: datetime) -> str:
    """What the chats of a number should know, in short."""
    pause = pause_of(number.pause_kind, number.paused_until, number.reason, now)
    return f"{pause['code']} {pause['until'] or ''}".strip() if pause is not None else ""


def _given_back(jobs: list[Job], limit: int) -> list[Job]:
    for job in jobs[limit:]:
        _give_back(job)
    return jobs[:limit]


def _give_back(job: Job) -> None:
    BusinessNumber.objects.filter(pk=job.number_id, told=job.now).update(told=job.before)


def _first_of_chats(number_id: int, after: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_OF_CHATS, [number_id, after])
        return [pk for (pk,) in cursor.fetchall()]


@transaction.atomic
def _tell(pk: int) -> None:
    try:
        customer = lock_customer_of(Message.objects.filter(pk=pk))
    except CustomerNotFound:
        return
    message = Message.objects.filter(pk=pk, status=Status.QUEUED).first()
    if message is not None:
        record(customer, "message_status", status_data(message))
