"""Counts what leaves, in the database and in a file, so that a restored database is recognised.

Each batch of claims advances a counter of the database in its own transaction. After the commit, and before the first
request leaves, the same count is written into a file in MEDIA_ROOT. So the file never knows more than the database,
unless the database is older than what this installation last wrote (docs/decisions/016-restored-backups.md).

The counter has several slots, of which a relay takes one that no other holds at that moment: relays do not wait for
each other.
"""

import fcntl
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import connection

from core.models import Installation, path_of
from messaging.models import DepartureCount

logger = logging.getLogger(__name__)

# More than relays that commit at the same instant. On SQLite there is one writer, and the first slot is enough.
SLOTS = 16
# Of the file in MEDIA_ROOT (Installation.file).
NAME = "departures"
# How long to wait for another relay that writes the file, which takes it less than a millisecond.
_LOCK_SECONDS = 0.5

_HEADER = b"Patter: what has left. Leave this file where it is when you restore a backup (docs/operations.md).\n"
# Slot, count, and when it was written in seconds since 1970. All lines are of one length, and each is written at once.
_LINE = "{:02d} {:019d} {:019.6f}\n"
_LINE_BYTES = len(_LINE.format(1, 0, 0.0))

_TABLE, _INSTALLATION = DepartureCount._meta.db_table, Installation._meta.db_table
_FIRST_SLOT = f"SELECT slot FROM {_TABLE} ORDER BY slot LIMIT 1"
_ADVANCE = (
    f"UPDATE {_TABLE} SET count = count + 1 WHERE slot = ({{slot}}) "
    f"RETURNING slot, count, (SELECT key FROM {_INSTALLATION})"
)


class DatabaseRestored(Exception):
    """The file knows of departures that the database does not: the database is older. Nothing may be sent now."""


@dataclass(frozen=True)
class Departure:
    """A count of one slot. `at` is when it was written, in seconds since 1970."""

    slot: int
    count: int
    at: float = 0.0


def prepared() -> Installation:
    """Return the row that names this installation, and make the slots when they are first needed."""
    found = Installation.this()
    DepartureCount.objects.bulk_create(
        [DepartureCount(slot=slot) for slot in range(1, SLOTS + 1)], ignore_conflicts=True
    )
    return found


def advance() -> tuple[UUID, Departure]:
    """Count a batch of claims in the transaction that makes them. Hand the result to `note` after the commit."""
    free = f"{_FIRST_SLOT} FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    found = _advance(free or _FIRST_SLOT)
    if found is None:
        prepared()
        # There were no slots yet, or others hold all of them: then wait for the first.
        found = _advance(_FIRST_SLOT)
    if found is None:
        raise RuntimeError("The counter of departures could not be advanced.")
    return found


def _advance(slot: str) -> tuple[UUID, Departure] | None:
    with connection.cursor() as cursor:
        cursor.execute(_ADVANCE.format(slot=slot))
        row = cursor.fetchone()
    if row is None or row[2] is None:
        return None
    key = row[2] if isinstance(row[2], UUID) else UUID(row[2])
    return key, Departure(row[0], row[1])


_unwritable: set[UUID] = set()
# Set when `note` finds, while the relay runs, that the database is an older one: after a failover, say.
suspected = threading.Event()


def note(key: UUID, departure: Departure) -> None:
    """Write a committed count into the file, before anything leaves. Raises DatabaseRestored.

    If the file cannot be written, that is logged and sending goes on: a restored backup might then not be noticed.
    """
    try:
        known = _write(path_of(NAME, key), replace(departure, at=time.time()))
    except OSError as error:
        if key not in _unwritable:
            logger.error("%s cannot be written, so a restored backup may not be noticed: %s", path_of(NAME, key), error)
            _unwritable.add(key)
        return
    _unwritable.discard(key)
    # Each count is given once, so the same one was given before the restore. A higher one may be that of another relay,
    # which took the slot after us; then the database has it as well.
    if known == departure.count or (known > departure.count and known > _count_of(departure.slot)):
        suspected.set()
        raise DatabaseRestored


def _count_of(slot: int) -> int:
    found: int | None = DepartureCount.objects.filter(slot=slot).values_list("count", flat=True).first()
    return found or 0


def written(found: Installation) -> list[Departure]:
    """What the file says. Read it before the counts of the database: other relays advance both, the file last."""
    return _read(found.file(NAME))


def is_ahead(departures: list[Departure]) -> bool:
    """Whether what the file said is more than the database knows: then the database is an older one."""
    counts = dict(DepartureCount.objects.values_list("slot", "count"))
    if not departures and any(counts.values()):
        logger.warning(
            "There is no counter of what has left in %s, so nobody can tell whether this database was restored from a "
            "backup. If it was, stop and run manage.py after_restore first.",
            settings.MEDIA_ROOT,
        )
    return any(departure.count > counts.get(departure.slot, 0) for departure in departures)


def catch_up(departures: list[Departure]) -> None:
    """Let the counts of the database be those of the file, where these are higher."""
    for departure in departures:
        behind = DepartureCount.objects.filter(slot=departure.slot, count__lt=departure.count)
        behind.update(count=departure.count)


def write_all(found: Installation) -> None:
    """Write the counts of the database where the file lacks them, so that the next restore will be noticed."""
    now = time.time()
    try:
        for slot, count in DepartureCount.objects.filter(count__gt=0).values_list("slot", "count"):
            _write(found.file(NAME), Departure(slot, count, now))
    except OSError as error:
        logger.error("%s cannot be written, so a restored backup may not be noticed: %s", found.file(NAME), error)


def _read(path: Path) -> list[Departure]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        logger.error("%s cannot be read, so a restored backup may not be noticed: %s", path, error)
        return []
    return [found for slot in range(1, SLOTS + 1) if (found := _parsed(content, slot, path)) is not None]


def _offset(slot: int) -> int:
    return len(_HEADER) + (slot - 1) * _LINE_BYTES


def _parsed(content: bytes, slot: int, path: Path) -> Departure | None:
    """The line of a slot; None, which is logged, if it is damaged."""
    line = content[_offset(slot) : _offset(slot) + _LINE_BYTES]
    try:
        number, count, at = line.decode("ascii").split()
        found = Departure(int(number), int(count), float(at))
        datetime.fromtimestamp(found.at, UTC)
        if found.slot != slot or found.count < 0:
            raise ValueError("not the line of this slot")
    except (ValueError, OverflowError, OSError) as error:
        logger.error("%s: line %d is damaged and not believed: %s", path, slot + 1, error)
        return None
    return found


def _write(path: Path, departure: Departure) -> int:
    """Write a count unless the file has a higher one, and return what it had before. Raises OSError.

    Not forced to the disk: after a power failure the file may be behind the database, but never ahead of it.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
    with os.fdopen(descriptor, "r+b", buffering=0) as file, _locked(descriptor):
        content = file.read()
        if len(content) < _offset(SLOTS + 1):
            content = _HEADER + b"".join(_LINE.format(slot, 0, 0.0).encode() for slot in range(1, SLOTS + 1))
            os.pwrite(descriptor, content, 0)
        found = _parsed(content, departure.slot, path)
        known = found.count if found is not None else 0
        if known < departure.count:
            line = _LINE.format(departure.slot, departure.count, departure.at).encode()
            os.pwrite(descriptor, line, _offset(departure.slot))
        return known


@contextmanager
def _locked(descriptor: int) -> Iterator[None]:
    """Keep other relays from writing the file. Raises BlockingIOError if one of them does not let go of it."""
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.001)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
