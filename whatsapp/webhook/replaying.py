"""Handling raw webhooks again, because somebody asks for it."""

from typing import Any

from django.db import transaction

from accounts.audit import audit, audit_all
from accounts.models import User
from core.live.publishing import wake_relays


@transaction.atomic
def replay_webhooks(events: Any, *, actor: User | None) -> int:
    """Let the relay handle these webhooks (a queryset) again within seconds; return how many there are.

    What they brought already stays as it is. `actor` None means a command, which the audit trail has as one entry.
    """
    if actor is not None:
        audit_all("webhook_replayed", [(event, None, {}) for event in events.only("pk")], actor=actor)
    count: int = events.replay()
    if actor is None and count:
        audit("webhooks_replayed", actor=None, changes={"count": {"old": None, "new": count}})
    wake_relays()
    return count
