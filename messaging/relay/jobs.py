"""What the relay runs: tables whose rows are jobs. The setting RELAY_JOBS names them."""

from datetime import datetime
from typing import Any, Protocol


class JobSource(Protocol):
    """A table of jobs. Each relay has its own instance; it calls `claim` and `settle` in its loop, `run` in threads."""

    # How many jobs run at once.
    workers: int

    def settle(self, *, everything: bool) -> None:
        """Decide about jobs whose lease has run out; with `everything`, about all claimed jobs: no other relay runs."""
        ...

    def claim(self, limit: int) -> list[Any]:
        """Claim up to `limit` jobs, commit that, and return them."""
        ...

    def after_restore(self, *, before: datetime) -> int:
        """Give up jobs queued before a time that may have been done already: the database was restored from a backup.

        May be repeated. Return for how many of them somebody has to decide what becomes of them.
        """
        ...

    def run(self, job: Any) -> None:
        """Do one claimed job and finish it with its token."""
        ...
