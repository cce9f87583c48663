"""What Meta's Graph API would be given, made by the code that really sends."""

import json
from functools import lru_cache
from typing import Any

import httpx
from pywa.client import WhatsApp

from messaging.models import Attachment, Message
from whatsapp.graph.contents import request_of


def graph_body(message: Message, file: Attachment | None, wa_id: str) -> dict[str, Any]:
    """The body of the POST to `/messages` that takes a message to `wa_id`. Raises Rejected."""
    request = request_of(message, file, {"to": wa_id, "recipient": None})
    body: dict[str, Any] = _echoing().api.send_message(**request)
    return body


@lru_cache(maxsize=1)
def _echoing() -> WhatsApp:
    """A client whose Meta answers with what it was given, and that reaches nobody."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=json.loads(request.content))

    session = httpx.Client(transport=httpx.MockTransport(answer))
    return WhatsApp(token="sandbox", session=session, filter_updates=False)
