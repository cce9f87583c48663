"""The socket at every path that has none."""

# mypy: allow-subclassing-any
# The package channels has no types.

from channels.generic.websocket import AsyncWebsocketConsumer

from messaging.consumers.base import NOT_FOUND
from messaging.consumers.handshake import BEARER


class NoSuchSocket(AsyncWebsocketConsumer):
    """Every path without a socket. Accepts the connection, so that the client gets the close code 4404."""

    channel_layer_alias = "no layer"

    async def connect(self) -> None:
        await self.accept(subprotocol=BEARER if BEARER in (self.scope.get("subprotocols") or []) else None)
        await self.close(code=NOT_FOUND)
