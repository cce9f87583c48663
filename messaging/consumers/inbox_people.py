"""Who is in the chats that come to a desk while its inbox is open: `ready` could not say it yet.

What was told live while the presence store was asked, or just before, is newer than its answer, and may have been told
to those alone who saw the chat until then. So it counts more than the answer.
"""

import json
import time
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from accounts.models import User
from core.live.frames import passing_text
from core.live.groups import customer_group, customer_of
from core.live.hub import Hint
from core.live.presence import Person, Presence
from customers.models import Customer
from messaging.consumers.presence import others, others_in
from messaging.consumers.threads import in_thread

# Who leaves is written down a moment after it was told: until the process has talked to Redis.
LATE_SECONDS = 1.0
# Longer than any look takes.
KEPT_SECONDS = 15.0


class InboxPeople:
    """The people in all chats, for the inboxes of one process."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence
        self._told: deque[tuple[float, Hint]] = deque()

    def note(self, event: Hint) -> None:
        """Somebody came or left, or is typing: the inboxes of who sees the chat are told."""
        now = time.monotonic()
        self._told.append((now, event))
        while self._told[0][0] < now - KEPT_SECONDS:
            self._told.popleft()

    async def seen_by(self, user: User) -> dict[str, Any]:
        """The colleagues who are in the chats that a user sees, for `ready`."""
        chats = (await self.in_all_chats()).chats
        seen = await in_thread(_seen_of, user, set(chats)) if chats else set()
        return others_in({customer_id: chats[customer_id] for customer_id in seen}, user.pk)

    async def in_chats(self, customer_ids: Iterable[int]) -> "Here":
        """Ask who is in some chats."""
        since = time.monotonic() - LATE_SECONDS
        rooms = await self._presence.people_in([customer_group(pk) for pk in customer_ids])
        return Here(rooms, self._told, since)

    async def in_all_chats(self) -> "Here":
        """Ask who is in which chat."""
        since = time.monotonic() - LATE_SECONDS
        return Here(await self._presence.everyone(), self._told, since)


class Here:
    """Who was in which chat, and what was told since."""

    def __init__(self, rooms: Mapping[str, list[Person]], told: Iterable[tuple[float, Hint]], since: float) -> None:
        self.chats = {customer_of(room): people for room, people in rooms.items()}
        self._told, self._since = told, since

    def frames(self, customer_id: int, user_id: int) -> list[str]:
        """What to tell a user who sees this chat now, and did not before. Up to date until the event loop goes on."""
        colleagues = others(self.chats.get(customer_id, []), user_id)
        said: dict[tuple[str, Any], dict[str, Any]] = {}
        for user in colleagues["present"]:
            said["presence", user["id"]] = {"customer": customer_id, "user": user, "status": "online"}
        for user in colleagues["typing"]:
            said["typing", user["id"]] = {"customer": customer_id, "user": user, "is_typing": True}
        for at, event in self._told:
            if at >= self._since and event["customer"] == customer_id and event["user"] != user_id:
                frame = json.loads(event["text"])
                said[frame["type"], event["user"]] = frame["data"]
        present = {who for (kind, who), data in said.items() if kind == "presence" and data["status"] == "online"}
        return [
            passing_text(kind, data)
            for (kind, who), data in said.items()
            if who in present and (kind == "presence" or data["is_typing"])
        ]


def _seen_of(user: User, ids: set[int]) -> set[int]:
    return set(Customer.objects.at_desk_of(user).filter(pk__in=ids).values_list("pk", flat=True))
