"""What the desk does with messages."""

from messaging.actions.chats import mark_read
from messaging.actions.reactions import withdraw_reaction
from messaging.actions.rows import status_data
from messaging.actions.sending import WITHOUT_WINDOW, open_conversation, retry_message, send_files, send_message

__all__ = [
    "WITHOUT_WINDOW",
    "mark_read",
    "open_conversation",
    "retry_message",
    "send_files",
    "send_message",
    "status_data",
    "withdraw_reaction",
]
