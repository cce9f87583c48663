"""Reading a chat at the desk."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.serializers import user_ref
from customers.actions.locking import lock
from customers.events import record
from messaging.actions.receipts import ON_READ, show_read
from messaging.models import Conversation, Direction, Message, Status


@transaction.atomic
def mark_read(*, customer_id: int, actor: User) -> dict[str, Any]:
    """Mark all inbound messages as read at the desk; return `{customer, unread_count}`.

    Records `messages_read` if there was something to read. The customer is shown it only if the setting
    WHATSAPP_READ_RECEIPTS is `on_read`. Raises Http404 when the chat is no longer the actor's.
    """
    customer = lock(customer_id, actor=actor)
    now = timezone.now()
    unread = Message.objects.filter(customer=customer, direction=Direction.INBOUND, status=Status.RECEIVED)
    newest = unread.order_by("-pk").values_list("pk", flat=True).first()
    if newest is not None:
        unread.filter(pk__lte=newest).update(status=Status.READ, read_at=now)
        Conversation.objects.filter(customer=customer).update(unread_count=0)
        data = {"up_to": newest, "unread_count": 0, "reader": user_ref(actor)}
        record(customer, "messages_read", data, actor=actor)
        show_read(customer_id, ON_READ)
    return {"customer": customer_id, "unread_count": 0}
