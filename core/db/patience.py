"""How long a statement may wait: the one place that says it, for each kind of work.

PostgreSQL is told when a connection opens (`options`), which costs nothing. A pooler in transaction mode passes that on
to nobody, so there each transaction begins with `SET LOCAL`, in the same message as its BEGIN (core/db/postgresql). The
same is done for work whose limits differ from those of its connection. SQLite knows only one limit: how long a writer
waits for its turn (core/db/sqlite).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection


@dataclass(frozen=True)
class Waits:
    """Limits of a connection to PostgreSQL, in seconds; 0 is no limit.

    `lock`: for one lock. `statement`: for one statement. `idle`: for a transaction in which nothing happens.
    """

    lock: float
    statement: float
    idle: float


# Migrations, merging, exporting and pruning take as long as they take, and nobody waits for their threads.
COMMANDS = Waits(lock=0, statement=0, idle=0)
# The relay tries again later, and has other rows to go on with meanwhile.
RELAY = Waits(lock=1, statement=60, idle=60)

_of_process = COMMANDS


def requests() -> Waits:
    """What requests may wait: the settings LOCK_TIMEOUT, STATEMENT_TIMEOUT and IDLE_IN_TRANSACTION_TIMEOUT."""
    return Waits(settings.LOCK_TIMEOUT, settings.STATEMENT_TIMEOUT, settings.IDLE_IN_TRANSACTION_TIMEOUT)


def process_waits() -> Waits:
    """The limits of threads that have none of their own. Those of COMMANDS, unless the process says otherwise."""
    return _of_process


def use_in_process(waits: Waits) -> None:
    """Give all threads of this process that have no limits of their own these. Call it before they connect."""
    global _of_process
    _of_process = waits


def use_in_thread(waits: Waits) -> None:
    """Give the current thread limits of its own. Does nothing on SQLite."""
    backend: Any = connection
    if connection.vendor == "postgresql":
        backend.waits = waits


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Within the block, wait at most so long for a lock; on SQLite, for the turn to write. 0 is no limit.

    In a transaction that is open already this is only for queries with `select_for_update`.
    """
    backend: Any = connection
    with backend.patience(seconds):
        yield
