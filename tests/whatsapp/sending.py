"""Sends messages in an open chat, through the relay, to the Graph double."""

from typing import Any

from customers.models import Customer
from messaging.models import Message
from messaging.relay.outbox import Outbox
from tests.graph_rules import Known


def existing() -> Known:
    """What the tests' shop has at Meta."""
    return Known(media={"901", "902", "903"}, flows={"55", "booking"}, catalogs={"c1": {"p1", "p2", "p3"}})


class Send:
    """Call it to send a message and get it as it is after the relay's turn; `post` only asks for it."""

    def __init__(self, client: Any, chat: Customer) -> None:
        self._client, self._chat = client, chat

    def post(self, **fields: Any) -> Any:
        format = "multipart" if "media" in fields else "json"
        return self._client.post("/api/messages/", {"customer": self._chat.pk, **fields}, format=format)

    def __call__(self, **fields: Any) -> Message:
        answer = self.post(**fields)
        assert answer.status_code == 201, answer.json()
        source = Outbox()
        for job in source.claim(10):
            source.run(job)
        return Message.objects.get(pk=answer.json()["id"])
