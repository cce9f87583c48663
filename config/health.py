"""What a load balancer asks: is the process alive (`/livez`), and can it do its work (`/readyz`)."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from core.timestamps import iso
from messaging.models import BusinessNumber, Message, Status

REDIS_SECONDS = 2


@dataclass(frozen=True)
class Check:
    """The result of one look: `more` is shown whatever `ok` says."""

    name: str
    ok: bool
    more: dict[str, Any] = field(default_factory=dict)


def livez(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers; asks nothing else, so that no outage restarts it."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when requests can be served, else 503; `checks` names what is wrong.

    Shown to everybody: a check says nothing about customers, and no error text of a server.
    """
    checks = [_database(), _redis()] if settings.REDIS_URL else [_database()]
    if checks[0].ok:  # the others read tables
        checks += [_numbers(), _queue()]
    ready = all(check.ok for check in checks)
    body = {
        "status": "ok" if ready else "failed",
        "checks": {check.name: {"status": "ok" if check.ok else "failed", **check.more} for check in checks},
    }
    return JsonResponse(body, status=200 if ready else 503)


def _database() -> Check:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        waiting = not _migrated()
    except (DatabaseError, InterfaceError):
        connection.close()  # the next request gets a new one, this one may be broken
        return Check("database", False, {"detail": "The database does not answer."})
    return Check("database", not waiting, {"detail": "Migrations are waiting: manage.py migrate."} if waiting else {})


_done: set[str] = set()


def _migrated() -> bool:
    """Whether every migration was applied. Once true it stays so: new ones come with a new process."""
    alias = str(connection.settings_dict["NAME"])
    if alias not in _done:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _done.add(alias)
    return True


@cache
def _client(url: str) -> "redis.Redis":
    return redis.Redis.from_url(url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS)


def _redis() -> Check:
    try:
        _client(settings.REDIS_URL).ping()
    except (redis.RedisError, OSError):
        return Check("redis", False, {"detail": "Redis does not answer."})
    return Check("redis", True)


def _numbers() -> Check:
    """The business numbers that send nothing at the moment. No fault of this process, so never a failure."""
    paused = BusinessNumber.objects.filter(paused_until__gt=timezone.now()).order_by("pk")
    rows = [{"number": str(number), "until": iso(number.paused_until), "reason": number.reason} for number in paused]
    return Check("business_numbers", True, {"paused": rows})


def _queue() -> Check:
    """For how long the oldest message that is due has been waiting: grows when no relay runs."""
    return Check("queue", True, {"oldest_seconds": oldest_due_seconds()})


def oldest_due_seconds() -> float:
    """Seconds, to a tenth; 0 when nothing is due."""
    now = timezone.now()
    due = Message.objects.filter(status=Status.QUEUED, not_before__lte=now).order_by("not_before")
    oldest = due.values_list("not_before", flat=True).first()
    return round((now - oldest).total_seconds(), 1) if oldest else 0
