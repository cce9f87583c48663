"""The audit trail: what somebody did is written in the transaction that does it.

Every act that a person or a command can start calls `audit`, most of them through `record` in customers/events.py.
tests/config/test_audit_routes.py walks all writing routes and fails for one that leaves no trace. What customers send
us by WhatsApp, and what the relay does, is no act of anybody's with a login: the log of events has it.
"""

import logging
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from accounts.models import AuditEntry, User
from core import origin, request_id
from core.changes import Changes
from core.db.compiled import Insert
from core.db.together import Write, write_together

logger = logging.getLogger(__name__)

_INSERT = Insert(AuditEntry)

# An entry by its columns.
_Row = dict[str, Any]


def audit(
    verb: str,
    about: Model | None = None,
    *,
    actor: User | None,
    customer: int | None = None,
    changes: Changes | None = None,
) -> None:
    """Add an entry to the trail: `actor` did `verb` to the row `about`, which may be deleted by now.

    `actor` None means a command, or somebody who is not signed in. `customer` is the id of the customer concerned.
    Writes one line to the log on commit, without values.
    """
    write_together(audit_write(verb, about, actor=actor, customer=customer, changes=changes))


def audit_write(
    verb: str, about: Model | None, *, actor: User | None, customer: int | None, changes: Changes | None
) -> Write:
    """`audit` for a caller who sends the entry with other writes."""
    row = _row(verb, about, actor, customer, changes)
    transaction.on_commit(lambda: _log(row))
    return _INSERT.write(row)


def audit_all(verb: str, done: Iterable[tuple[Model, int | None, Changes]], *, actor: User | None) -> None:
    """`audit` for many rows in one statement, each with the id of its customer and with what changed."""
    rows = [_row(verb, about, actor, customer, changes) for about, customer, changes in done]
    AuditEntry.objects.bulk_create([AuditEntry(**row) for row in rows])
    for row in rows:
        transaction.on_commit(partial(_log, row))


def _row(verb: str, about: Model | None, actor: User | None, customer: int | None, changes: Changes | None) -> _Row:
    return {
        "at": timezone.now(),
        "actor_id": actor.pk if actor is not None else None,
        "verb": verb,
        "object_type": "" if about is None else str(about._meta.verbose_name).replace(" ", "_"),
        "object_id": "" if about is None else str(about.pk or ""),
        "customer_id": customer,
        "changes": changes or {},
        **_origin(),
    }


def _origin() -> _Row:
    """The columns that say where an act comes from."""
    where, request = origin.current(), request_id.current()
    return {
        "address": where.address[:45],
        "session_id": where.session,
        "request_id": request,
        "command": "" if request else origin.command(),
    }


def _log(row: _Row) -> None:
    who = f"login {row['actor_id']}" if row["actor_id"] is not None else row["command"] or "nobody"
    what = f"{row['object_type']} {row['object_id']}".strip() or "-"
    logger.info(
        "audit: %s %s by %s", row["verb"], what, who, extra={"audit": {**row, "changes": sorted(row["changes"])}}
    )
