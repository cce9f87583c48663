"""Staff who are away because they have had no socket for a while (setting AWAY_AFTER_MINUTES)."""

import time
from datetime import datetime

from django.conf import settings

from accounts.actions.availability import go_away, without_socket
from accounts.models import User

LOOK_SECONDS = 10.0


class Absences:
    """The relay's source of logins that are online and have no socket any more."""

    workers = 1

    def __init__(self) -> None:
        self._looked_at = -LOOK_SECONDS

    def settle(self, *, everything: bool) -> None:
        """There are no leases: whoever is found twice is away once."""

    def after_restore(self, *, before: datetime) -> int:
        """Nothing leaves from here."""
        return 0

    def claim(self, limit: int) -> list[User]:
        if not settings.AWAY_AFTER_MINUTES or time.monotonic() - self._looked_at < LOOK_SECONDS:
            return []
        self._looked_at = time.monotonic()
        return list(without_socket().order_by("pk")[:limit])

    def run(self, job: User) -> None:
        go_away(job)
