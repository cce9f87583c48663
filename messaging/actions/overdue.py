"""A customer who has waited for too long: the desk is told, once for each wait."""

from datetime import datetime
from typing import Annotated, TypedDict

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from accounts.actions.teams import with_managers
from accounts.models import User
from core.live.frames import passing_frame
from core.live.groups import user_group
from core.live.publishing import publish_on_commit
from core.shapes import Ref, Time
from core.timestamps import iso
from customers.actions.locking import lock
from customers.events import record
from customers.models import Customer
from messaging.desk.chats import WAITING
from messaging.models import Conversation

# Chats that wait, and of whose wait the desk was not told.
UNTOLD = WAITING & (Q(overdue_since=None) | Q(overdue_since__lt=F("waiting_since")))


class ResponseOverdue(TypedDict):
    """That a customer has waited for too long."""

    customer: Ref
    waiting_since: Time
    minutes: Annotated[int, "FIRST_RESPONSE_MINUTES"]


@transaction.atomic
def tell_overdue(*, customer_id: int, latest: datetime) -> bool:
    """Record that a customer waits since before `latest`, which is too long; return whether it was news.

    Raises CustomerNotFound.
    """
    customer = lock(customer_id)
    chat: Conversation | None = Conversation.objects.filter(UNTOLD, customer=customer).first()
    if chat is None or chat.waiting_since is None or chat.waiting_since > latest:
        return False
    Conversation.objects.filter(customer=customer).update(overdue_since=chat.waiting_since)
    data: ResponseOverdue = {
        "customer": {"id": customer.pk, "name": customer.name},
        "waiting_since": iso(chat.waiting_since),
        "minutes": settings.FIRST_RESPONSE_MINUTES,
    }
    record(customer, "response_overdue", data)
    for user_id in told_of(customer):
        publish_on_commit(user_group(user_id), {"type": "told", "frame": passing_frame("response_overdue", data)})
    return True


def told_of(customer: Customer) -> list[int]:
    """Who is told: the owner, and the managers of their team."""
    if customer.owner is None:
        return []
    people = User.objects.filter(with_managers(customer.owner), is_active=True)
    return list(people.order_by("pk").values_list("pk", flat=True))
