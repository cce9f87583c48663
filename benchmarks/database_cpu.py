"""The processor time that PostgreSQL spends on a database. It must run on this machine."""

from pathlib import Path

import psycopg


class DatabaseCpu:
    """Counts what the sessions of the database at `url` use: `start()`, then `seconds()` since then.

    Sessions that end in between are lost, and work that PostgreSQL does in the background is nobody's session.
    """

    def __init__(self, url: str) -> None:
        self._watcher = psycopg.connect(url, autocommit=True)
        self._before: dict[int, float] = {}

    def start(self) -> None:
        self._before = self._used()

    def seconds(self) -> float:
        return sum(used - self._before.get(pid, 0.0) for pid, used in self._used().items())

    def _used(self) -> dict[int, float]:
        sessions = (
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
            "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return {pid: _seconds_of(pid) for (pid,) in self._watcher.execute(sessions).fetchall()}


def _seconds_of(pid: int) -> float:
    """Of a process with one thread: exact, where `stat` counts hundredths."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except OSError:  # it has ended
        return 0.0
