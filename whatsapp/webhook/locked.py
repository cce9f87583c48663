"""People whose row somebody else holds: their elements wait for the relay, everybody else's are handled.

One webhook finds out by waiting. The next ones about the same people do not wait, too: they would hold the threads in
which the webhooks of others are handled, and could get ahead of the first.
"""

import threading
import time
from dataclasses import dataclass, field

from whatsapp.payload.elements import Element, NumberElement, people_in

# How long the relay leaves such a webhook alone.
PAUSE_SECONDS = 1.0
# How long a webhook that has waited for a lock in vain waits for others.
SECOND_SECONDS = 0.1
# After so long without news of somebody, one webhook waits again: another process may have handled the earlier ones.
FORGET_SECONDS = 5.0

_Key = tuple[str, str]


@dataclass
class _Queue:
    """The webhooks that wait for one person, by key, and when that was last confirmed by waiting."""

    events: set[int] = field(default_factory=set)
    seen_at: float = 0.0


class LockedPeople:
    """Who is held at the moment, as far as this process knows, and which webhooks wait for them."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._queues: dict[_Key, _Queue] = {}

    def must_wait(self, event: int, element: Element) -> bool:
        """Whether an earlier webhook waits for somebody that this one's `element` is about."""
        if not self._queues:
            return False
        now = time.monotonic()
        with self._guard:
            for key in _keys(element):
                queue = self._queues.get(key)
                if queue is None or min(queue.events) >= event:
                    continue
                if now - queue.seen_at < FORGET_SECONDS:
                    queue.events.add(event)
                    return True
                queue.events, queue.seen_at = {event}, now  # this one finds out, and those after it wait for it
        return False

    def held(self, event: int, element: Element) -> None:
        """Note that somebody whom `element` is about is held, and that this webhook waits for them."""
        now = time.monotonic()
        with self._guard:
            for key in _keys(element):
                queue = self._queues.setdefault(key, _Queue())
                queue.events.add(event)
                queue.seen_at = now

    def handled(self, event: int, element: Element) -> None:
        """Note that this webhook's `element` was handled, or failed for another reason."""
        if not self._queues:
            return
        with self._guard:
            for key in _keys(element):
                queue = self._queues.get(key)
                if queue is not None:
                    queue.events.discard(event)
                    if not queue.events:
                        del self._queues[key]

    def forget(self) -> None:
        """Know nothing, as after the start."""
        with self._guard:
            self._queues.clear()


def _keys(element: Element) -> set[_Key]:
    if not isinstance(element, NumberElement):
        return set()
    return {(element.phone_number_id, value) for person in people_in(element) for value in person.ids.values()}


locked_people = LockedPeople()
