"""Reading a chat at the desk."""

from typing import TypedDict

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from accounts.serializers import user_ref
from core.db.compiled import prepared_cursor
from customers.actions.locking import lock
from customers.events import record
from messaging.actions.receipts import ON_READ, read_receipt
from messaging.models import Conversation, Direction, Message, Status

# By hand, because every chat that is opened comes here (docs/decisions/005-hand-written-sql.md).
_READ = (
    f"UPDATE {Message._meta.db_table} SET status = '{Status.READ}', read_at = %s "
    f"WHERE customer_id = %s AND direction = '{Direction.INBOUND}' AND status = '{Status.RECEIVED}' RETURNING id"
)
_NONE_UNREAD = f"UPDATE {Conversation._meta.db_table} SET unread_count = 0 WHERE customer_id = %s"


class ReadUpTo(TypedDict):
    """How many messages of a chat are unread."""

    customer: int
    unread_count: int


@transaction.atomic
def mark_read(*, customer_id: int, actor: User) -> ReadUpTo:
    """Mark all inbound messages as read at the desk; return what is unread now.

    Records `messages_read` if there was something to read. The customer is shown it only if the setting
    WHATSAPP_READ_RECEIPTS is `on_read`. Raises Http404 when the chat is no longer the actor's.
    """
    customer = lock(customer_id, actor=actor)
    with prepared_cursor() as cursor:
        cursor.execute(_READ, [connection.ops.adapt_datetimefield_value(timezone.now()), customer.pk])
        read = cursor.fetchall()
    if read:
        data = {"up_to": max(pk for (pk,) in read), "unread_count": 0, "reader": user_ref(actor)}
        shown = read_receipt(customer_id, ON_READ)
        record(customer, "messages_read", data, actor=actor, changes={}, also=[(_NONE_UNREAD, [customer.pk]), *shown])
    return {"customer": customer_id, "unread_count": 0}
