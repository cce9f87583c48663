"""Staff who are away because they have had no socket for a while (setting AWAY_AFTER_MINUTES)."""

from django.conf import settings

from accounts.actions.availability import go_away, without_socket
from accounts.models import User
from core.lookout import Lookout

_AT_ONCE = 200


class Absences(Lookout[list[User]]):
    """The relay's source of logins that are online and have no socket any more."""

    SECONDS = 10.0

    def look(self) -> list[User] | None:
        if not settings.AWAY_AFTER_MINUTES:
            return None
        return list(without_socket().order_by("pk")[:_AT_ONCE])

    def run(self, job: list[User]) -> None:
        for user in job:
            go_away(user)
