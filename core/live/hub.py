"""The hub: each process subscribes to a group of the channel layer once, however many of its sockets listen to it.

Events are only hints. Layers drop messages silently, so every listener must be able to find out what it missed: the
event log is the truth. Without Redis there is only one process, and its hub gets all events directly, because a layer
in memory would copy each event and drop events under load.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Protocol

from channels.layers import get_channel_layer
from django.conf import settings

logger = logging.getLogger(__name__)

Hint = dict[str, Any]

# Sent to subscribers when the layer may have lost events. They then have to look at the event log.
RESYNC: Hint = {"type": "resync"}

# The time that a connection which has been restored needs to subscribe again.
RECOVERY_SECONDS = 0.5

# For so long a subscriber waits for a layer that cannot be reached.
JOIN_SECONDS = 0.5

# The pause before a layer that could not be reached is tried again.
RETRY_SECONDS = 1.0


class Subscriber(Protocol):
    """Listens to groups. `deliver` is called on the event loop, so it must not block."""

    def deliver(self, group: str, event: Hint) -> None: ...


def channel_layer() -> Any:
    """Return the layer between the processes, or None if there is only one process."""
    return get_channel_layer() if settings.REDIS_URL else None


class Hub:
    """The subscriptions of one process: one channel on the layer, if there is one, and any number of subscribers."""

    def __init__(self) -> None:
        self.subscribers: dict[str, set[Subscriber]] = defaultdict(set)
        self._wanted: set[str] = set()
        self._joined: set[str] = set()
        # Done when the layer has subscribed to the group.
        self._joining: dict[str, asyncio.Future[None]] = {}
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._resyncing: asyncio.TimerHandle | None = None

    async def join(self, group: str, subscriber: Subscriber) -> None:
        """`join_all` for one group."""
        await self.join_all([group], subscriber)

    async def join_all(self, groups: Sequence[str], subscriber: Subscriber) -> None:
        """Deliver the events of the groups to `subscriber` from now on.

        Returns when the layer has subscribed, or when it cannot be reached. In that case the hub keeps trying, and
        tells its subscribers to resync when it has succeeded.
        """
        for group in groups:
            self.subscribers[group].add(subscriber)
        if channel_layer() is None:
            return
        # Before looking at `_joined`: the group may be about to be given up, because its last subscriber just left.
        self._wanted.update(groups)
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        new = [group for group in groups if group not in self._joined]
        if not new:
            return
        self._changed.set()
        joining = [self._joining.setdefault(group, asyncio.get_running_loop().create_future()) for group in new]
        await asyncio.wait(joining, timeout=JOIN_SECONDS)

    def leave(self, group: str, subscriber: Subscriber) -> None:
        """Stop delivering the group's events to `subscriber`."""
        members = self.subscribers.get(group)
        if members is None:
            return
        members.discard(subscriber)
        if not members:
            del self.subscribers[group]
            self._wanted.discard(group)
            if (joining := self._joining.pop(group, None)) is not None:
                joining.set_result(None)  # nobody is left who waits for it
            self._changed.set()

    def deliver(self, group: str, event: Hint) -> None:
        """Pass `event` to the subscribers of `group` in this process."""
        for subscriber in tuple(self.subscribers.get(group, ())):
            try:
                subscriber.deliver(group, event)
            except Exception:  # one broken socket must not keep the event from the others
                logger.exception("a subscriber of %s failed", group)

    def resync(self) -> None:
        """Tell all subscribers that events may have been lost."""
        for group in tuple(self.subscribers):
            self.deliver(group, RESYNC)

    def resync_soon(self) -> None:
        """Call `resync` after RECOVERY_SECONDS, when the layer has subscribed again. Several calls are combined."""
        if self._resyncing is None:
            self._resyncing = asyncio.get_running_loop().call_later(RECOVERY_SECONDS, self._resync_once)

    def _resync_once(self) -> None:
        self._resyncing = None
        self.resync()

    async def _run(self) -> None:
        """Keep the layer's subscriptions as wanted, and receive events.

        Uses one channel as long as the process lives: a layer that could not be reached remembers its subscriptions.
        """
        layer = channel_layer()
        receiver: asyncio.Task[None] | None = None
        channel, lost = "", False
        try:
            while True:
                try:
                    if receiver is None:
                        channel = await layer.new_channel()
                        receiver = asyncio.create_task(self._receive(layer, channel))
                    await self._subscribe(layer, channel)
                    if lost:
                        lost = False
                        self.resync_soon()
                    await self._changed.wait()
                    self._changed.clear()
                except Exception as error:  # noqa: BLE001 - the errors depend on the client that the layer uses
                    logger.warning("the channel layer cannot be reached: %s", error)
                    lost = True
                    await asyncio.sleep(RETRY_SECONDS)
        finally:
            if receiver is not None:
                receiver.cancel()

    async def _subscribe(self, layer: Any, channel: str) -> None:
        for group in tuple(self._wanted - self._joined):
            await layer.group_add(group, channel)
            self._joined.add(group)
            if (joining := self._joining.pop(group, None)) is not None:
                joining.set_result(None)
        for group in tuple(self._joined - self._wanted):
            if group in self._wanted:  # wanted again while another group was being given up
                continue
            self._joined.discard(group)
            await layer.group_discard(group, channel)

    async def _receive(self, layer: Any, channel: str) -> None:
        while True:
            try:
                message = await layer.receive(channel)
                self.deliver(message["group"], message["event"])
            except Exception:  # a message that is not Patter's must not stop the events after it
                logger.exception("an event of the channel layer could not be read")
                await asyncio.sleep(0.1)
