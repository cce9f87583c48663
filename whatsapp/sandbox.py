"""A WhatsApp without Meta: takes every message, and has it sent, delivered and read a moment later.

The statuses go the way Meta's go: signed, through the function behind the webhook view.
"""

import base64
import heapq
import json
import logging
import secrets
import threading
import time
from collections import deque
from typing import Any

from django.db import connections

from messaging.models import Attachment, BusinessNumber, Message
from whatsapp.graph import recipient_of
from whatsapp.signature import sign
from whatsapp.webhook import deliver

logger = logging.getLogger(__name__)

# Seconds from a send to each status; tests leave it empty, or fill it with noughts.
PACE: dict[str, float] = {"sent": 0.3, "delivered": 0.8, "read": 1.5}


def new_wamid() -> str:
    """A message id as Meta writes them."""
    return "wamid." + base64.b64encode(secrets.token_bytes(36)).decode()


def envelope(phone_number_id: str, display: str, **value: Any) -> bytes:
    """The body of a webhook about one number; `value` holds messages, contacts or statuses."""
    metadata = {"display_phone_number": display or phone_number_id, "phone_number_id": phone_number_id}
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
    payload = {"object": "whatsapp_business_account", "entry": [{"id": "100000000000000", "changes": [change]}]}
    return json.dumps(payload).encode()


class Courier:
    """A daemon thread that delivers bodies when they are due. Those not delivered at exit are forgotten."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, bytes]] = []
        self._count = 0
        self._delivering = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def post(self, body: bytes, *, after: float) -> None:
        """Deliver `body` in `after` seconds."""
        with self._changed:
            self._count += 1
            heapq.heappush(self._due, (time.monotonic() + after, self._count, body))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def drain(self, seconds: float = 10.0) -> bool:
        """Wait until everything is delivered; False when that took longer than `seconds`."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._due and not self._delivering, seconds)

    def _run(self) -> None:
        while True:
            body = self._next()
            try:
                deliver(body, sign(body))
            except Exception:  # the thread serves every message to come
                logger.exception("the sandbox could not deliver a status")
            finally:
                connections.close_all()
                with self._changed:
                    self._delivering = False
                    self._changed.notify_all()

    def _next(self) -> bytes:
        with self._changed:
            while True:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    self._delivering = True
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait)


courier = Courier()
# (phone, code), the newest last: the process forgets them.
codes_sent: deque[tuple[str, str]] = deque(maxlen=100)


class SandboxTransport:
    """Accepts whatever a real number could send."""

    access = "sandbox"

    def __init__(self, number: BusinessNumber) -> None:
        self.number = number

    def has(self, file: Attachment) -> bool:
        return bool(file.provider_id)

    def upload(self, message: Message, file: Attachment) -> None:
        """There is nobody to hand the file to; it gets an id all the same."""
        file.provider_id = f"sandbox-{file.pk}"
        Attachment.objects.filter(pk=file.pk).update(provider_id=file.provider_id)

    def show_read(self, wamid: str, *, typing: bool) -> None:
        """There is nobody to tell."""

    def send_code(self, phone: str, code: str, *, in_window: bool) -> None:
        """Keep the code where tests find it; it is printed nowhere."""
        codes_sent.append((phone, code))

    def send(self, message: Message, file: Attachment | None = None) -> str:
        """Return a new wamid, and have the statuses delivered. Raises Rejected without a recipient, as Graph does."""
        address = recipient_of(message)
        wamid = new_wamid()
        for status, after in PACE.items():
            courier.post(self._status(wamid, status, address, message.pk, time.time() + after), after=after)
        return wamid

    def _status(self, wamid: str, status: str, address: dict[str, str | None], key: int, at: float) -> bytes:
        recipient = {"recipient_id": address["to"], "recipient_user_id": address["recipient"]}
        report = {
            "id": wamid,
            "status": status,
            "timestamp": str(int(at)),
            **{name: value for name, value in recipient.items() if value},
            "biz_opaque_callback_data": str(key),
        }
        return envelope(self.number.external_id, self.number.display, statuses=[report])
