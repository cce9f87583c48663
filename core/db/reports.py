"""Which reads may be a moment old: those of reports, from a standby (setting REPORTS_DATABASE_URL).

`may_be_old` marks them, and nothing else reads there: key figures of all customers, the CSV of customers,
`manage.py webhook_report`, the hours and response times on the front page of Django admin, and its lists of what nobody
changes. Never what somebody reads who has just written it, and never a right.
"""

import logging
import time
from typing import Any, TypeVar

from django.db import DatabaseError, InterfaceError, connection, connections
from django.db.models import Model, QuerySet

logger = logging.getLogger(__name__)

M = TypeVar("M", bound=Model)

REPORTS = "reports"
# A standby that is away is not tried again for so long: whoever tries waits for it.
AWAY_SECONDS = 30.0

_away_until = 0.0


def may_be_old(rows: "QuerySet[M]") -> "QuerySet[M]":
    """Return the rows as they are read from the standby; the same rows if there is none, or if it is away."""
    return rows.using(REPORTS) if _is_there() else rows


def _is_there() -> bool:
    global _away_until
    if REPORTS not in connections.settings or time.monotonic() < _away_until:
        return False
    standby: Any = connections[REPORTS]
    if standby.vendor == "postgresql":
        standby.waits = connection.waits  # type: ignore[attr-defined]  # of core/db/postgresql
    try:
        standby.close_if_health_check_failed()
        standby.ensure_connection()
    except (DatabaseError, InterfaceError) as error:
        _away_until = time.monotonic() + AWAY_SECONDS
        logger.warning("the standby for reports is away, so they come from the database itself: %s", error)
        return False
    return True
