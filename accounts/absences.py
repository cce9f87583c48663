"""Staff who are away because they have had no socket for a while (setting AWAY_AFTER_MINUTES)."""

import time
from datetime import datetime

from django.conf import settings

from accounts.actions.availability import go_away, without_socket
from accounts.models import User

LOOK_SECONDS = 10.0
_AT_ONCE = 200


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

    def claim(self, limit: int) -> list[list[User]]:
        if not settings.AWAY_AFTER_MINUTES or time.monotonic() - self._looked_at < LOOK_SECONDS:
            return []
        self._looked_at = time.monotonic()
        gone = list(without_socket().order_by("pk")[:_AT_ONCE])
        return [gone] if gone else []

    def run(self, job: list[User]) -> None:
        for user in job:
            go_away(user)
