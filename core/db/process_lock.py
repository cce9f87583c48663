"""A lock that keeps a second process off the database. Without Redis a second process would be unsafe.

Live events would not reach it, and its relay would settle every lease when it starts, including those of messages that
the first process is sending at that moment.
"""

import fcntl
import logging
import threading
import time
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, connections

from core.db.patience import COMMANDS

logger = logging.getLogger(__name__)

_WAIT_SECONDS = 5.0  # after a reload the previous process may still be stopping
_ADVISORY_KEY = 0x5061747465  # "Patte"

WATCH_SECONDS = 1.0
TAKEN = "Another Patter is using this database now, so this one sends nothing."
UNKNOWN = "The lock against a second Patter is lost, and the database does not answer."

REFUSAL = (
    "Another Patter runs on this database: stop it first. Without REDIS_URL there may be only one process: start "
    "Patter with one worker, or set DATABASE_URL (PostgreSQL) and REDIS_URL to run several."
)


_problem: str | None = None


def problem() -> str | None:
    """Why this process may not send at the moment, although it once had the lock."""
    return _problem


class ProcessLock:
    """Held as long as the process lives. The operating system or the database releases it, however the process ends.

    On PostgreSQL it lasts as long as its connection. It is watched, and taken again when the connection broke.
    """

    def __init__(self) -> None:
        self._file: IO[str] | None = None
        self._connection: Any = None
        self._released = threading.Event()
        self.held = False

    def acquire(self) -> None:
        """Take the lock. Raises RuntimeError if another process still holds it after 5 seconds."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while not self._try():
            if time.monotonic() > deadline:
                raise RuntimeError(REFUSAL)
            time.sleep(0.1)
        self.held = True
        if self._connection is not None:
            threading.Thread(target=self._watch, name="process-lock", daemon=True).start()

    def _watch(self) -> None:
        while not self._released.wait(WATCH_SECONDS):
            self.look()

    def look(self) -> None:
        """Find out whether the lock is still held, and take it again if it is not. `held` and `problem` say so."""
        why = None if self._alive() else self._again()
        if why != _problem:
            logger.log(logging.ERROR if why else logging.WARNING, "%s", why or "The process lock is held again.")
        self._tell(why)

    def _tell(self, why: str | None) -> None:
        global _problem
        self.held, _problem = why is None, why

    def _alive(self) -> bool:
        if self._connection is None:
            return False
        try:
            with self._connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except (DatabaseError, InterfaceError):
            self._drop()
            return False
        return True

    def _again(self) -> str | None:
        """Try to take the lock; return why that did not work."""
        self.held = False  # nothing may be claimed while we do not know
        try:
            if self._try_advisory():
                return None
        except (DatabaseError, InterfaceError):
            self._drop()
            return UNKNOWN
        self._drop()
        return TAKEN

    def _try(self) -> bool:
        return self._try_file() if connection.vendor == "sqlite" else self._try_advisory()

    def _try_file(self) -> bool:
        path = Path(f"{connection.settings_dict['NAME']}.lock")
        file = path.open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def _try_advisory(self) -> bool:
        # On a separate connection, because the lock lasts as long as the database session.
        if self._connection is None:
            self._connection = connections.create_connection("default")
            self._connection.inc_thread_sharing()
            self._connection.waits = COMMANDS
            if settings.DATABASE_POOLER is not None:
                # A pooler gives each transaction a session of its own, for as long as it lasts: this one stays open.
                self._connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
        scope = "_xact" if settings.DATABASE_POOLER is not None else ""
        with self._connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_try_advisory{scope}_lock(%s)", [_ADVISORY_KEY])
            taken: bool = cursor.fetchone()[0]
        return taken

    def _drop(self) -> None:
        if self._connection is not None:
            broken, self._connection = self._connection, None
            try:
                broken.close()
            except (DatabaseError, InterfaceError) as error:
                logger.info("the connection of the process lock was broken: %s", error)

    def release(self) -> None:
        self._released.set()
        self._tell(None)
        self.held = False
        if self._file is not None:
            self._file.close()
            self._file = None
        self._drop()
