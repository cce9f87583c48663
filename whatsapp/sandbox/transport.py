"""Stands in for Meta: accepts every message, and reports it as sent, delivered and read a moment later."""

import time
from collections import deque

from messaging.channels import preparing
from messaging.models import Attachment, BusinessNumber, Message
from whatsapp.graph.recipients import recipient_of
from whatsapp.sandbox.courier import Courier
from whatsapp.sandbox.wamids import new_wamid
from whatsapp.sandbox.webhook_bodies import as_body, change, envelope, status_item

# Seconds from a send to each status. Tests empty it, or set it to zero.
PACE: dict[str, float] = {"sent": 0.3, "delivered": 0.8, "read": 1.5}

# (phone, code), newest last. They are kept in memory only.
codes_sent: deque[tuple[str, str]] = deque(maxlen=100)


class SandboxTransport:
    """Accepts whatever a real number can send."""

    access = "sandbox"

    def __init__(self, number: BusinessNumber, courier: Courier) -> None:
        self.number, self._courier = number, courier

    def has(self, file: Attachment) -> bool:
        return bool(file.provider_id)

    def upload(self, message: Message, file: Attachment) -> None:
        """Give the file an id; it is uploaded nowhere."""
        file.provider_id = f"sandbox-{file.pk}"
        Attachment.objects.filter(pk=file.pk).update(provider_id=file.provider_id)

    def show_read(self, wamid: str, *, typing: bool) -> None:
        """The phone sees it by the receipt (whatsapp/sandbox/chats.py)."""

    def learn(self) -> None:
        """The answers of the sandbox say nothing else."""

    def send_code(self, phone: str, code: str, *, in_window: bool) -> None:
        """Keep the code where tests find it. It is not printed."""
        codes_sent.append((phone, code))

    def send(self, message: Message, file: Attachment | None = None) -> str:
        """Return a new wamid, and schedule the statuses. Raises Rejected without a recipient, as with Meta."""
        with preparing():
            address = recipient_of(message)
        wamid = new_wamid(address["to"] or "")
        recipient = {"recipient_id": address["to"], "recipient_user_id": address["recipient"]}
        known = {name: value for name, value in recipient.items() if value}
        for name, after in PACE.items():
            item = status_item(wamid, name, at=time.time() + after, **known, biz_opaque_callback_data=str(message.pk))
            body = as_body(envelope(change(self.number.external_id, self.number.display, statuses=[item])))
            self._courier.post(body, after=after)
        return wamid
