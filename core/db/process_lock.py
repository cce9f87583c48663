"""A lock that keeps a second process off the database. Without Redis a second process would be unsafe.

Live events would not reach it, and its relay would settle every lease when it starts, including those of messages that
the first process is sending at that moment.
"""

import fcntl
import time
from pathlib import Path
from typing import IO, Any

from django.db import connection, connections

_WAIT_SECONDS = 5.0  # after a reload the previous process may still be stopping
_ADVISORY_KEY = 0x5061747465  # "Patte"

REFUSAL = (
    "Another Patter runs on this database. Without REDIS_URL there may be only one process: start Patter with one "
    "worker, or set DATABASE_URL (PostgreSQL) and REDIS_URL to run several."
)


class ProcessLock:
    """Held as long as the process lives. The operating system or the database releases it, however the process ends."""

    def __init__(self) -> None:
        self._file: IO[str] | None = None
        self._connection: Any = None

    def acquire(self) -> None:
        """Take the lock. Raises RuntimeError if another process still holds it after 5 seconds."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while not self._try():
            if time.monotonic() > deadline:
                raise RuntimeError(REFUSAL)
            time.sleep(0.1)

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
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_ADVISORY_KEY])
            taken: bool = cursor.fetchone()[0]
        return taken

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None
