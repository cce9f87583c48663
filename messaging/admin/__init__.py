"""The chat in Django admin: messages with their files, chats, and what the provider reported."""

from messaging.admin import attachments, conversations, messages, statuses

__all__ = ["attachments", "conversations", "messages", "statuses"]
