"""The floor of the live path: a bare ASGI server with one database connection and a set of sockets.

It checks the signature, stores by the recorded statements (BENCH_RECORDING) and hands the frame to every socket.
"""

import json
import os
import pickle
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import django

django.setup()

from benchmarks.bodies import Webhook  # noqa: E402 - models need the set-up
from benchmarks.statements import Replay  # noqa: E402
from whatsapp.webhook.signature import is_signed  # noqa: E402

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

replay = Replay(pickle.loads(Path(os.environ["BENCH_RECORDING"]).read_bytes()))
sockets: set[Send] = set()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await _socket(receive, send)
    elif scope["type"] == "http":
        await _webhook(scope, receive, send)
    else:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})


async def _socket(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept", "subprotocol": "bearer"})
    await send({"type": "websocket.send", "text": '{"type": "ready"}'})
    sockets.add(send)
    while (await receive())["type"] != "websocket.disconnect":
        pass
    sockets.discard(send)


async def _webhook(scope: Scope, receive: Receive, send: Send) -> None:
    body = b""
    while True:
        message = await receive()
        body += message["body"]
        if not message["more_body"]:
            break
    signature = dict(scope["headers"]).get(b"x-hub-signature-256", b"").decode()
    status = 200 if is_signed(body, signature) else 401
    if status == 200:
        value = json.loads(body)["entry"][0]["changes"][0]["value"]
        message = value["messages"][0]
        # The phone ends in the customer's id (benchmarks/data.py).
        customer_id = int(message["from"][4:])
        new = Webhook(message["id"], customer_id, message["from"], body, signature)
        frame = _frame(replay.store(new), customer_id, message)
        for socket in tuple(sockets):
            await socket({"type": "websocket.send", "text": frame})
    headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"{}"})


def _frame(message_id: int, customer_id: int, message: dict[str, Any]) -> str:
    """As long as Patter's."""
    data = {
        **{"id": message_id, "customer": customer_id, "direction": "inbound", "type": "text"},
        **{"text": message["text"]["body"], "media": None, "payload": message["text"], "reply_to": None},
        **{"reactions": [], "status": "received", "error": None, "wamid": message["id"], "client_id": None},
        **{"sender": None, "created_at": "2026-01-01T00:00:00Z", "sent_at": None, "delivered_at": None},
        **{"read_at": None, "edited_at": None, "deleted_at": None},
    }
    return json.dumps({"type": "chat_message", "seq": 1, "at": "2026-01-01T00:00:00.000000Z", "data": data})
