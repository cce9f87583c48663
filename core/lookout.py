"""Work that the relay finds by looking at rows, not in a queue: the base of sources that RELAY_JOBS names."""

import math
import time
from datetime import datetime
from typing import Generic, TypeVar

Job = TypeVar("Job")


class Lookout(Generic[Job]):
    """A source of the relay (messaging/relay/jobs.py) that looks for work every `SECONDS`.

    It claims nothing, because doing the same twice must do no harm: `run` locks a row and looks again, or what it does
    is done already the second time. So nothing has to be settled, and nothing given up after a restore.
    """

    workers = 1
    SECONDS: float

    def __init__(self) -> None:
        self._looked_at = -math.inf

    def look(self) -> Job | None:
        """Return all that is to be done now as one job; None, or an empty list, if there is nothing."""
        raise NotImplementedError

    def run(self, job: Job) -> None:
        """Do it. Another relay may be doing the same."""
        raise NotImplementedError

    def look_again(self) -> None:
        """Look for more as soon as this job is done."""
        self._looked_at = -math.inf

    def claim(self, limit: int) -> list[Job]:
        if time.monotonic() - self._looked_at < self.SECONDS:
            return []
        self._looked_at = time.monotonic()
        job = self.look()
        return [job] if job else []

    def settle(self, *, everything: bool) -> None:
        """There are no leases."""

    def after_restore(self, *, before: datetime) -> int:
        """Nothing waits here, so nothing is given up."""
        return 0
