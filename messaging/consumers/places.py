"""How many sockets there may be: of one user, and of one address that nobody has signed in to yet.

Counted in each process: the limits are for what a socket takes, which is memory and turns of this process's event loop.
Counting over all of them would make every socket wait for Redis, and its failures close sockets of people who work.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol
from weakref import WeakKeyDictionary

from django.conf import settings

from core.live.hub import Hub
from core.throttles import network_of

# Close codes; docs/realtime.md says what clients do about them.
TOO_MANY_SOCKETS = 4429
TRY_LATER = 1013


class Seated(Protocol):
    """What is needed of a socket. `used_at` is when its user last did something with it (time.monotonic())."""

    used_at: float

    def end_soon(self, code: int) -> None: ...


class Places:
    """The sockets of one process."""

    def __init__(self) -> None:
        self._of_users: dict[int, set[Seated]] = defaultdict(set)
        self._strangers: Counter[str] = Counter()

    def take(self, user_id: int, socket: Seated) -> None:
        """Let a user's socket in. If there are more than SOCKETS_PER_USER, the one that was idle longest is closed."""
        taken = self._of_users[user_id]
        taken.add(socket)
        if len(taken) > settings.SOCKETS_PER_USER:
            idle = min(taken, key=lambda other: other.used_at)
            taken.discard(idle)
            idle.end_soon(TOO_MANY_SOCKETS)

    def leave(self, user_id: int, socket: Seated) -> None:
        """A user's socket is closed, or about to be."""
        taken = self._of_users.get(user_id, set())
        taken.discard(socket)
        if not taken:
            self._of_users.pop(user_id, None)

    @contextmanager
    def for_stranger(self, address: str) -> Iterator[bool]:
        """A place for a socket that nobody has signed in to. Gives whether there is one (SOCKETS_PER_ADDRESS)."""
        network = network_of(address) if address else ""
        self._strangers[network] += 1
        try:
            yield self._strangers[network] <= settings.SOCKETS_PER_ADDRESS
        finally:
            self._strangers[network] -= 1
            if not self._strangers[network]:
                del self._strangers[network]


_places: "WeakKeyDictionary[Hub, Places]" = WeakKeyDictionary()


def places_of(hub: Hub) -> Places:
    """The places of the process (more precisely, of the event loop) that `hub` belongs to."""
    return _places.setdefault(hub, Places())
