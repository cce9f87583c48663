"""What every new message writes, whether it comes in or goes out: its row, and its place at the end of the chat.

The statements are written by hand (docs/decisions/005-hand-written-sql.md).
"""

from core.db.compiled import Insert
from core.db.together import Write
from messaging.models import Conversation, Message

# Gives no id to a message that is there already: its number has its wamid, or its sender has used its client_id.
INSERT_MESSAGE = Insert(Message, "ON CONFLICT DO NOTHING")

_PUT_LAST = (
    f"INSERT INTO {Conversation._meta.db_table} AS c (customer_id, business_number_id, unread_count, last_message_id) "
    "VALUES (%s, %s, 0, %s) "
    "ON CONFLICT (customer_id) DO UPDATE SET last_message_id = COALESCE(%s, c.last_message_id)"
)


def last_of_chat(message_id: int, *, customer_id: int, number_id: int, newest: bool = True) -> Write:
    """Makes a message that nobody at the desk has to read the last of its chat, unless a newer one is there.

    A customer without a chat gets one, on this number.
    """
    return _PUT_LAST, [customer_id, number_id, message_id, message_id if newest else None]
