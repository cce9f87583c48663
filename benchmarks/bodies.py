"""Webhook bodies as Meta sends them, made and signed beforehand; each wamid once."""

from dataclasses import dataclass
from itertools import count

from benchmarks.data import NAME, user_id, wa_id
from whatsapp.business_numbers import own_phone_number_id
from whatsapp.sandbox.webhook_bodies import as_body, change, contact_item, envelope, message_item
from whatsapp.webhook.signature import sign

_numbers = count(1)

TEXT = "Is my order of two red ones on its way? I need it tomorrow morning, please."


@dataclass(frozen=True)
class Webhook:
    """One text message of a known customer."""

    wamid: str
    customer_id: int
    wa_id: str
    body: bytes
    signature: str

    @property
    def request(self) -> bytes:
        """The whole HTTP request."""
        head = (
            "POST /api/webhook/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(self.body)}\r\nX-Hub-Signature-256: {self.signature}\r\n\r\n"
        )
        return head.encode() + self.body


def webhook(customer_id: int) -> Webhook:
    """A new message of a customer. All bodies are of one length."""
    wamid = f"wamid.{next(_numbers):036d}=="
    sender = wa_id(customer_id)
    people = [contact_item(sender, NAME, user_id(customer_id))]
    texts = [message_item(sender, wamid, TEXT)]
    body = as_body(envelope(change(own_phone_number_id(), "15550100000", contacts=people, messages=texts)))
    return Webhook(wamid, customer_id, sender, body, sign(body))


def webhooks(chats: list[int], number: int) -> list[Webhook]:
    """So many messages, of all customers in turn."""
    return [webhook(chats[i % len(chats)]) for i in range(number)]
