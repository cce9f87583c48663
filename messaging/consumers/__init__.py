"""The sockets of the sales desk (docs/realtime.md)."""

from messaging.consumers.base import NoSuchSocket
from messaging.consumers.chat import ChatConsumer
from messaging.consumers.inbox import InboxConsumer

__all__ = ["ChatConsumer", "InboxConsumer", "NoSuchSocket"]
