"""This installation: its settings, database, Redis, disks and clock."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import redis
from django.conf import settings
from django.core.checks import ERROR, run_checks
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor

from core.db.encoding import REMEDY, wrong_encoding
from core.redis import pool
from whatsapp.doctor.findings import BROKEN, OK, WARNING, Finding

SECONDS = 5
# Below these a disk fills up within days, or at once. A database and an upload need room for two copies.
LITTLE_BYTES, TOO_LITTLE_BYTES = 2 * 1024**3, 200 * 1024**2
# Beyond this, tokens of another server are not valid yet, or no longer.
CLOCK_SECONDS, MUCH_CLOCK_SECONDS = 5, 60
# patter.W001 says in words of Patter's settings what these say in Django's.
_SAID_BY_OURS = {"security.W004", "security.W008", "security.W010", "security.W012", "security.W016"}


def look_at_settings() -> Iterator[Finding]:
    """What `check --deploy` says."""
    if settings.DEBUG:
        todo = "Unset DEBUG where others can reach Patter."
        yield Finding("settings", WARNING, "DEBUG is on: errors show internals, and the key is public.", todo)
        return
    said = [one for one in run_checks(include_deployment_checks=True) if not one.is_silenced()]
    told = [one for one in said if one.id not in _SAID_BY_OURS]
    for one in told:
        yield Finding("settings", BROKEN if one.level >= ERROR else WARNING, _flat(one.msg), _flat(one.hint or ""))
    if not told:
        yield Finding("settings", OK, "nothing is missing.")


def look_at_database() -> Iterator[Finding]:
    """Whether it answers, is migrated, stores every text, has its extensions, and keeps the time."""
    try:
        connection.ensure_connection()
    except (DatabaseError, InterfaceError) as error:
        todo = "Start it, or correct DATABASE_URL."
        yield Finding("database", BROKEN, f"it cannot be reached: {_flat(str(error)).split(': ')[-1]}", todo)
        return
    if connection.vendor == "sqlite":
        yield Finding("database", OK, f"SQLite at {connection.settings_dict['NAME']}.")
    else:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            yield Finding("database", OK, f"PostgreSQL {cursor.fetchone()[0]}.")
    yield _migrations()
    if connection.vendor == "postgresql":
        wrong = wrong_encoding()
        yield Finding("encoding", BROKEN, wrong, REMEDY) if wrong else Finding("encoding", OK, "UTF-8.")
        yield from _extension_and_clock()


def _migrations() -> Finding:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        text = f"{len(missing)} are not applied, the first is {missing[0][0]}."
        return Finding("migrations", BROKEN, text, "Run manage.py migrate.")
    return Finding("migrations", OK, "all are applied.")


def _extension_and_clock() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'), clock_timestamp()")
        found, now = cursor.fetchone()
    if found:
        yield Finding("extensions", OK, "pg_trgm is there.")
    else:
        todo = "Run manage.py migrate; if it may not, CREATE EXTENSION pg_trgm in the database as a superuser."
        yield Finding("extensions", BROKEN, "pg_trgm is missing: searches read every row.", todo)
    yield clock(now, "the database")


def clock(theirs: datetime, whose: str) -> Finding:
    """Compare this machine's clock with somebody else's."""
    apart = abs((datetime.now(UTC) - theirs).total_seconds())
    if apart <= CLOCK_SECONDS:
        return Finding("clock", OK, f"it agrees with {whose}.")
    state = BROKEN if apart > MUCH_CLOCK_SECONDS else WARNING
    todo = "Set the clock: install chrony, or turn on systemd-timesyncd."
    return Finding("clock", state, f"it is {apart:.0f} s apart from {whose}.", todo)


def look_at_redis() -> Iterator[Finding]:
    if not settings.REDIS_URL:
        yield Finding("redis", OK, "not used: one process does everything.")
        return
    try:
        connections = pool(settings.REDIS_URL, socket_timeout=SECONDS, socket_connect_timeout=SECONDS)
        redis.Redis(connection_pool=connections).ping()
    except (redis.RedisError, OSError) as error:
        todo = "Start it, or correct REDIS_URL."
        yield Finding("redis", BROKEN, f"it does not answer ({type(error).__name__}).", todo)
    else:
        yield Finding("redis", OK, "it answers.")


def look_at_disks() -> Iterator[Finding]:
    """Whether the folders that Patter writes to can be written, and have room."""
    folders = {"MEDIA_ROOT": str(settings.MEDIA_ROOT), "TMPDIR": tempfile.gettempdir()}
    if connection.vendor == "sqlite":
        folders["the database's folder"] = str(Path(str(connection.settings_dict["NAME"])).parent)
    for name, folder in folders.items():
        yield _disk(name, folder)


def _disk(name: str, folder: str) -> Finding:
    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-"):
            pass
        free = shutil.disk_usage(folder).free
    except OSError as error:
        todo = "Let Patter's user write there, or name another folder."
        return Finding("disk", BROKEN, f"{name} ({folder}) cannot be written: {error.strerror}.", todo)
    room = f"{name} has {free / 1024**3:.1f} GB free."
    if free < LITTLE_BYTES:
        todo = "Make room: uploads are refused when it is full."
        return Finding("disk", BROKEN if free < TOO_LITTLE_BYTES else WARNING, room, todo)
    return Finding("disk", OK, room)


def _flat(text: str) -> str:
    return " ".join(str(text).split())
