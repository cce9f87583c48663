"""The hub: a process subscribes to a group of the channel layer once, however many of its sockets listen.

Events are hints and nothing more: layers drop messages silently, so whoever listens must be able to find what it missed
(the event log is the truth). Without Redis there is one process, and its hub hears of everything directly: a layer in
memory would copy each event, and drop what is too much for it.
"""

import asyncio
import logging
from collections import defaultdict
from typing import Any, Protocol

from channels.layers import get_channel_layer
from django.conf import settings

logger = logging.getLogger(__name__)

Hint = dict[str, Any]

# What subscribers get when the layer may have lost something: look at the log again.
RESYNC: Hint = {"type": "resync"}

# How long a connection that came back may take to stand again.
RECOVERY_SECONDS = 0.5

# How long a layer that was out of reach is left alone.
RETRY_SECONDS = 1.0


class Subscriber(Protocol):
    """Something that listens to groups. Called on the event loop, so it must not block."""

    def deliver(self, group: str, event: Hint) -> None: ...


def channel_layer() -> Any:
    """The layer between processes; None where there is only one."""
    return get_channel_layer() if settings.REDIS_URL else None


class Hub:
    """One process's subscriptions: a single channel on the layer, if there is one, many local subscribers."""

    def __init__(self) -> None:
        self.subscribers: dict[str, set[Subscriber]] = defaultdict(set)
        self._wanted: set[str] = set()
        self._joined: set[str] = set()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._resyncing: asyncio.TimerHandle | None = None

    async def join(self, group: str, subscriber: Subscriber) -> None:
        """Deliver the group's events to `subscriber` from now on.

        Returns when the layer has the subscription or cannot be reached: in that case the hub keeps
        trying, and tells its subscribers to resync once it succeeded.
        """
        self.subscribers[group].add(subscriber)
        if channel_layer() is None:
            return
        # Before the look at what is joined: who left a moment ago may have the group given up right now.
        self._wanted.add(group)
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        if group in self._joined:
            return
        self._changed.set()
        for _ in range(40):
            if group in self._joined:
                return
            await asyncio.sleep(0.005 if _ < 20 else 0.02)

    def leave(self, group: str, subscriber: Subscriber) -> None:
        """Stop delivering the group's events to `subscriber`."""
        members = self.subscribers.get(group)
        if members is None:
            return
        members.discard(subscriber)
        if not members:
            del self.subscribers[group]
            self._wanted.discard(group)
            self._changed.set()

    def deliver(self, group: str, event: Hint) -> None:
        """Hand `event` to the local subscribers of `group`."""
        for subscriber in tuple(self.subscribers.get(group, ())):
            try:
                subscriber.deliver(group, event)
            except Exception:  # one broken socket must not cost the others their event
                logger.exception("a subscriber of %s failed", group)

    def resync(self) -> None:
        """Tell every subscriber that events may have been lost."""
        for group in tuple(self.subscribers):
            self.deliver(group, RESYNC)

    def resync_soon(self) -> None:
        """`resync`, when the layer has had a moment to take its subscriptions up again. Many calls make one."""
        if self._resyncing is None:
            self._resyncing = asyncio.get_running_loop().call_later(RECOVERY_SECONDS, self._resync_once)

    def _resync_once(self) -> None:
        self._resyncing = None
        self.resync()

    async def _run(self) -> None:
        """Keep the layer's subscriptions equal to the wanted ones, and receive.

        One channel as long as the process lives: a layer that was out of reach keeps what it was told of it.
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
                except Exception as error:  # noqa: BLE001 - the layer's errors are those of whatever client it uses
                    logger.warning("channel layer out of reach: %s", error)
                    lost = True
                    await asyncio.sleep(RETRY_SECONDS)
        finally:
            if receiver is not None:
                receiver.cancel()

    async def _subscribe(self, layer: Any, channel: str) -> None:
        for group in tuple(self._wanted - self._joined):
            await layer.group_add(group, channel)
            self._joined.add(group)
        for group in tuple(self._joined - self._wanted):
            if group in self._wanted:  # again, while another one was given up
                continue
            self._joined.discard(group)
            await layer.group_discard(group, channel)

    async def _receive(self, layer: Any, channel: str) -> None:
        while True:
            try:
                message = await layer.receive(channel)
                self.deliver(message["group"], message["event"])
            except Exception:  # something that is none of ours: the next event must still come
                logger.exception("an event of the channel layer could not be read")
                await asyncio.sleep(0.1)
