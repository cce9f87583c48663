"""The queue of a chat: whose turn is next."""

from django.db import connection

from customers.events import record
from customers.models import Customer
from messaging.models import Message
from messaging.serializers.messages import status_data
from messaging.serializers.waiting import waiting_of

_NEXT = (
    f"SELECT id FROM {Message._meta.db_table} "
    "WHERE customer_id = %s AND status IN ('queued', 'sending') ORDER BY id LIMIT 1"
)


def tell_next(customer: Customer) -> None:
    """Record why the next message of a chat waits. If it does not, it is sent at once, and that will be recorded.

    The customer is locked.
    """
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [customer.pk])
        row = cursor.fetchone()
    if row is not None and waiting_of([row[0]]):
        record(customer, "message_status", status_data(Message.objects.get(pk=row[0])))
