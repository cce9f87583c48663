from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from customers.querysets import FollowsCustomer

if TYPE_CHECKING:
    from messaging.models import Message


class MessageQuerySet(FollowsCustomer):
    def newest_first(self) -> "models.QuerySet[Message]":
        found: models.QuerySet[Message] = self.order_by("-ordered_at", "-pk")
        return found

    def bubbles(self) -> "MessageQuerySet":
        """Messages that stand in a chat for themselves. A reaction of ours is a message only on its way out."""
        found: MessageQuerySet = self.exclude(type="reaction", direction="outbound")
        return found

    def unfinished(self) -> "models.QuerySet[Message]":
        """Messages on their way out. `failed` and `uncertain` count as finished: they hold nobody up."""
        found: models.QuerySet[Message] = self.filter(status__in=("queued", "sending"))
        return found


class AttachmentQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> "AttachmentQuerySet":
        """The files of messages that `user` may see at the sales desk; of a message taken back there are none."""
        shown = self.filter(message__deleted_at=None)
        if not user.is_authenticated:
            return self.none()
        if user.is_admin:
            return shown
        if user.is_sales:
            return shown.filter(message__customer__owner=user)
        return self.none()

    def wanted(self, now: datetime) -> "AttachmentQuerySet":
        """Files that are still with their provider, and that nobody is fetching."""
        free = Q(lease_until=None) | Q(lease_until__lt=now)
        return self.filter(free, state="pending", file="", provider_id__gt="", not_before__lte=now)


class StatusUpdateQuerySet(models.QuerySet[Any]):
    def waiting(self) -> "StatusUpdateQuerySet":
        """Statuses that came before their message was known."""
        return self.filter(message=None)

    def of(self, message: Any) -> "StatusUpdateQuerySet":
        """Waiting statuses that speak of `message`."""
        return self.waiting().filter(
            Q(message_key=str(message.pk)) | Q(wamid=message.wamid, wamid__gt=""),
            business_number=message.business_number_id,
        )
