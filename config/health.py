"""Probes for load balancers: is the process alive (`/livez`), and can it do its work (`/readyz`)?"""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from core.db import process_lock
from core.db.encoding import wrong_encoding
from core.db.failures import Trouble, trouble_of
from core.db.patience import patience
from core.models import Chore, Installation, WriteProbe
from core.redis import pool
from core.timestamps import iso
from messaging.models import BusinessNumber, Message, PauseKind, Status
from messaging.relay.turns import oldest_due
from messaging.serializers.numbers import health_of

REDIS_SECONDS = 2
# How long the write of a probe may wait for its turn.
WRITE_SECONDS = 2.0
_WRITE = (
    f"INSERT INTO {WriteProbe._meta.db_table} (id, written_at) VALUES (1, %s) "
    "ON CONFLICT (id) DO UPDATE SET written_at = excluded.written_at"
)
_NO_WRITE = {
    Trouble.READ_ONLY: "The database is read-only.",
    Trouble.BUSY: f"The database is busy: a write waited longer than {WRITE_SECONDS:.0f} s.",
}

LIVE = b'{"status": "ok"}'


@dataclass(frozen=True)
class Check:
    """The result of one check. `more` is shown whether it is ok or not."""

    name: str
    ok: bool
    more: dict[str, Any] = field(default_factory=dict)


def livez(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers. It checks nothing else, so that an outage elsewhere restarts nothing.

    config/asgi.py answers it itself; this is for the WSGI application.
    """
    return HttpResponse(LIVE, content_type="application/json")


def readyz(request: HttpRequest) -> JsonResponse:
    """200 if requests can be served, otherwise 503; `checks` says what is wrong.

    The page is public, so a check must not reveal anything about customers or contain an error text of a server.
    """
    checks = [_database(), _redis()] if settings.REDIS_URL else [_database()]
    if (lost := process_lock.problem()) is not None:
        checks.append(Check("process_lock", False, {"detail": lost}))
    if checks[0].ok:  # the other checks read tables
        checks += [_numbers(), _queue(), _backup(), _chores()]
    ready = all(check.ok for check in checks)
    body = {
        "status": "ok" if ready else "failed",
        "checks": {check.name: {"status": "ok" if check.ok else "failed", **check.more} for check in checks},
    }
    return JsonResponse(body, status=200 if ready else 503)


def _database() -> Check:
    try:
        detail = wrong_encoding() or _unmigrated()
    except (DatabaseError, InterfaceError):
        connection.close()  # it may be broken; the next request opens a new one
        return Check("database", False, {"detail": "The database does not answer."})
    detail = detail or _unwritable()
    return Check("database", detail is None, {"detail": detail} if detail is not None else {})


def _unmigrated() -> str | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")  # the migrations are looked up only until they are complete
    return None if _migrated() else "There are unapplied migrations. Run manage.py migrate."


def _unwritable() -> str | None:
    """Write a row; return why that did not work."""
    try:
        with patience(WRITE_SECONDS), connection.cursor() as cursor:
            cursor.execute(_WRITE, [connection.ops.adapt_datetimefield_value(timezone.now())])
    except (DatabaseError, InterfaceError) as error:
        connection.close()  # after a failover the next request finds another server
        return _NO_WRITE.get(trouble_of(error) or Trouble.AWAY, "The database cannot be written.")
    return None


_done: set[str] = set()


def _migrated() -> bool:
    """Whether all migrations have been applied. Checked until it is true: new ones come with a new process."""
    alias = str(connection.settings_dict["NAME"])
    if alias not in _done:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _done.add(alias)
    return True


@cache
def _client(url: str) -> "redis.Redis":
    connections = pool(url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS)
    return redis.Redis(connection_pool=connections)


def _redis() -> Check:
    try:
        _client(settings.REDIS_URL).ping()
    except (redis.RedisError, OSError):
        return Check("redis", False, {"detail": "Redis does not answer."})
    return Check("redis", True)


def _numbers() -> Check:
    """The business numbers that are paused, and what their providers say about numbers.

    Never a failure, because it is not a fault of this process.
    """
    now = timezone.now()
    rows = [
        {
            "number": str(number),
            "kind": number.pause_kind or PauseKind.PAUSED,
            "until": iso(number.paused_until),
            "reason": number.reason,
        }
        for number in BusinessNumber.objects.paused(now)
    ]
    health = [said for number in BusinessNumber.objects.order_by("pk") if (said := _said_of(number, now))]
    return Check("business_numbers", True, {"paused": rows, **({"health": health} if health else {})})


def _said_of(number: BusinessNumber, now: datetime) -> dict[str, Any]:
    """What the provider says about a number; empty if it has not said anything. The newest notice tells what it was."""
    health = health_of(number, now)
    said = {
        "quality": number.quality or None,
        "limit": health["limit"],
        "status": health["status"],
        "restrictions": [{"code": one["code"], "until": one["until"]} for one in health["restrictions"]],
        "last_notice": next(({"at": one["at"], "code": one["code"]} for one in health["notices"]), None),
    }
    return {"number": str(number), **said} if any(said.values()) else {}


def _queue() -> Check:
    """How long messages have been waiting: the oldest that could be sent, which grows if no relay is running, and the
    oldest of all, which grows while a number pauses, too.
    """
    queued = Message.objects.filter(status=Status.QUEUED, not_before__lte=timezone.now()).order_by("not_before")
    oldest = queued.values_list("not_before", flat=True).first()
    return Check("queue", True, {"oldest_seconds": _seconds_since(oldest), "oldest_due_seconds": oldest_due_seconds()})


def _backup() -> Check:
    """When a restored backup was last noticed, and how many messages became uncertain by that. Never a failure."""
    found = Installation.objects.filter(restored_at__isnull=False).first()
    restored = found and {"at": iso(found.restored_at), "uncertain": found.restored_messages}
    return Check("backup", True, {"restored": restored})


def _chores() -> Check:
    """When each daily chore was last done, and whether its last run failed. Never a failure: nothing depends on it."""
    done = {row.name: {"finished_at": iso(row.finished_at), "failed": bool(row.error)} for row in Chore.objects.all()}
    return Check("chores", True, done)


def oldest_due_seconds() -> float:
    """Return for how many seconds the oldest message that could be sent has been due, to a tenth; 0 if none is."""
    return _seconds_since(oldest_due())


def _seconds_since(at: datetime | None) -> float:
    return round((timezone.now() - at).total_seconds(), 1) if at is not None else 0
