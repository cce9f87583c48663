"""Claims on messages: a batch of them in one transaction, which also counts that something is about to leave.

Hand-written SQL: it runs for every send (docs/decisions/005-hand-written-sql.md).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from core.faults import fault
from messaging.models import Message
from messaging.relay.departures import advance, note

# Longer than the slowest send, which ends after 28 s (whatsapp/graph/bounds.py).
LEASE_SECONDS = 30

_TABLE = Message._meta.db_table


def claim_batch(tokens: Mapping[int, UUID]) -> set[int]:
    """Claim those messages that are still due, each with the token given for its key, and return their keys.

    Raises django.db.Error, after which nobody knows whether they are claimed, and DatabaseRestored, after which they
    are. In either case nothing of them has left.
    """
    with transaction.atomic():
        claimed = _claim(tokens)
        departure = advance() if claimed else None
    fault("B1")
    if departure is not None:
        note(*departure)
    return claimed


def _claim(tokens: Mapping[int, UUID]) -> set[int]:
    # Each row is read again when it is locked, so that the conditions hold for it as it is now. Rows that somebody
    # else is changing at this moment are left out: waiting for them would hold up the others.
    lock = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    statement = (
        f"UPDATE {_TABLE} SET status = 'sending', attempts = attempts + 1, lease_until = %s, "
        f"claim_token = CASE id {'WHEN %s THEN %s ' * len(tokens)}END WHERE id IN (SELECT id FROM {_TABLE} "
        f"WHERE id IN ({', '.join(['%s'] * len(tokens))}) AND status = 'queued' AND not_before <= %s {lock}) "
        "RETURNING id"
    )
    now = timezone.now()
    adapt = connection.ops.adapt_datetimefield_value
    native = connection.features.has_native_uuid_field
    values: list[Any] = [adapt(now + timedelta(seconds=LEASE_SECONDS))]
    for key, token in tokens.items():
        values += [key, token if native else token.hex]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, *tokens, adapt(now)])
        return {key for (key,) in cursor.fetchall()}
