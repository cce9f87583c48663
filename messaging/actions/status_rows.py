"""The row of a message as a status finds and leaves it, in hand-written SQL: every message has three statuses."""

import json
from typing import Any

from django.db import connection

from core.db.compiled import prepared_cursor
from core.timestamps import aware
from messaging.models import Message, Status

TIME_FIELD = {Status.SENT: "sent_at", Status.DELIVERED: "delivered_at", Status.READ: "read_at"}
# Not the lease: the relay may still be waiting for the answer to this send.
_WRITTEN = ("wamid", "status", "error", "sent_for", *TIME_FIELD.values())
_READS = {"customer_id", "type", "automatic", "ordered_at", *_WRITTEN}
# In the order of the model, as `from_db` wants them.
_COLUMNS = [field.attname for field in Message._meta.concrete_fields if field.attname in _READS]
_READ = f"SELECT {', '.join(_COLUMNS)} FROM {Message._meta.db_table} WHERE id = %s"
_WRITE = f"UPDATE {Message._meta.db_table} SET {', '.join(f'{name} = %s' for name in _WRITTEN)} WHERE id = %s"


def load_for_status(message_id: int) -> Message:
    """Load a message with the fields that a status reads and writes; other fields are loaded on access."""
    with prepared_cursor() as cursor:
        cursor.execute(_READ, [message_id])
        row = dict(zip(_COLUMNS, cursor.fetchone(), strict=True))
    if isinstance(row["error"], str):
        row["error"] = json.loads(row["error"])
    row["automatic"] = bool(row["automatic"])
    for name in ("ordered_at", *TIME_FIELD.values()):
        row[name] = row[name] and aware(row[name])
    message: Message = Message.from_db(connection.alias, ("id", *row), (message_id, *row.values()))
    return message


def write_status(message: Message) -> None:
    """Store what a status changed in a message."""
    error = None if message.error is None else json.dumps(message.error)
    values: list[Any] = [message.wamid, str(message.status), error, message.sent_for]
    values += [connection.ops.adapt_datetimefield_value(getattr(message, name)) for name in TIME_FIELD.values()]
    with prepared_cursor() as cursor:
        cursor.execute(_WRITE, [*values, message.pk])
