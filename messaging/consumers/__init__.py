"""The sockets of the sales desk (docs/realtime.md)."""

from messaging.consumers.chat import ChatConsumer
from messaging.consumers.inbox import InboxConsumer
from messaging.consumers.missing import NoSuchSocket

__all__ = ["ChatConsumer", "InboxConsumer", "NoSuchSocket"]
