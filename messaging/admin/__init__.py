"""The chat in Django admin: messages with their files, chats, and what the provider reported."""

from messaging.admin import attachments, chat, conversations, duplicates, hours, messages, statuses

__all__ = ["attachments", "chat", "conversations", "duplicates", "hours", "messages", "statuses"]
