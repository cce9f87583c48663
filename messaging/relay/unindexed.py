"""Messages whose words are still to be found: those that a version before stored or changed while this one started."""

import time
from datetime import datetime

from core.db.failures import passing_busy
from messaging.actions.indexing import index_missing
from messaging.models import Message

LOOK_SECONDS = 60.0
BATCH = 500


class Unindexed:
    """The relay's source of messages that the search cannot find yet."""

    workers = 1

    def __init__(self) -> None:
        self._looked_at = -LOOK_SECONDS

    def settle(self, *, everything: bool) -> None:
        """There are no leases: two relays find the same words."""

    def after_restore(self, *, before: datetime) -> int:
        """Nothing to give up: nothing leaves the database."""
        return 0

    def claim(self, limit: int) -> list[list[int]]:
        if time.monotonic() - self._looked_at < LOOK_SECONDS:
            return []
        ids = list(Message.objects.filter(words=None).order_by("-pk").values_list("pk", flat=True)[:BATCH])
        # After a full batch it looks again at once.
        if len(ids) < BATCH:
            self._looked_at = time.monotonic()
        return [ids] if ids else []

    def run(self, job: list[int]) -> None:
        with passing_busy("the search of messages"):
            index_missing(job)
