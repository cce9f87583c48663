"""The live channel: the only caller of the channel layer.

`publish` hands an event to every process that listens to a group. It is a hint and nothing more:
layers drop messages silently, so whoever listens must be able to find what it missed (the event log
is the truth). A process subscribes to the layer once per group, not once per socket: its Hub takes
the event and hands it to every local subscriber. Without Redis there is one process, and its Hub hears
of everything directly: a layer in memory would copy each event, and drop what is too much for it.

Events are small dicts of JSON values. Groups in use: `customer.<id>`, `inbox`, `user.<id>`, `staff`,
`relay`.
"""

import asyncio
import atexit
import logging
import threading
from collections import defaultdict
from concurrent.futures import Future
from typing import Any, Protocol

from channels.layers import get_channel_layer
from django.conf import settings
from django.db import transaction

logger = logging.getLogger(__name__)

Event = dict[str, Any]

# The group of everybody at the desk.
STAFF = "staff"

# What subscribers get when the layer may have lost something: look at the log again.
RESYNC: Event = {"type": "resync"}


# How long a connection that came back may take to stand again.
RECOVERY_SECONDS = 0.5

# How long a layer that was out of reach is left alone.
RETRY_SECONDS = 1.0


class Subscriber(Protocol):
    """Something that listens to groups. Called on the event loop, so it must not block."""

    def deliver(self, group: str, event: Event) -> None: ...


def _layer() -> Any:
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
        if _layer() is None:
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

    def deliver(self, group: str, event: Event) -> None:
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
        layer = _layer()
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


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}
_loop: asyncio.AbstractEventLoop | None = None
_lock = threading.Lock()
_pending: set["Future[None]"] = set()


def attach() -> Hub:
    """Give this process's running event loop to `publish`, and return its hub.

    Called at ASGI lifespan and by every consumer that connects.
    """
    global _loop
    loop = asyncio.get_running_loop()
    for stale in [known for known in _hubs if known.is_closed()]:
        del _hubs[stale]
    if loop not in _hubs:
        _hubs[loop] = Hub()
    _loop = loop
    return _hubs[loop]


def layer_was_away() -> None:
    """The layer of the running loop lost a connection and has it again; what was sent meanwhile is lost."""
    hub = _hubs.get(asyncio.get_running_loop())
    if hub is not None:
        hub.resync_soon()


def _start_loop() -> asyncio.AbstractEventLoop:
    """Run an event loop in a thread, for processes that publish but serve no sockets."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="live", daemon=True).start()
    atexit.register(_flush)
    return loop


def _flush() -> None:
    """Give the last events of a short-lived process a moment to leave."""
    for future in tuple(_pending):
        try:
            future.result(timeout=1)
        except Exception as error:  # noqa: BLE001 - at exit there is nobody left to tell but the log
            logger.warning("an event was not published: %r", error)


def _publishing_loop() -> asyncio.AbstractEventLoop | None:
    global _loop
    with _lock:
        if _loop is not None and not _loop.is_closed():
            return _loop
        if not settings.REDIS_URL:
            return None  # one process, and it has no loop: no sockets, nothing to publish
        _loop = _start_loop()
        return _loop


async def _send(group: str, event: Event) -> None:
    await _layer().group_send(group, {"type": "live", "group": group, "event": event})


def _sent(future: "Future[None]") -> None:
    _pending.discard(future)
    if not future.cancelled() and (error := future.exception()) is not None:
        logger.warning("an event was not published: %r", error)


def publish(group: str, event: Event) -> None:
    """Send `event` to every listener of `group` in every process. Never raises, never waits.

    Call it when the change it speaks of is committed; `publish_on_commit` does that for you.
    """
    loop = _publishing_loop()
    if loop is None:
        return
    try:
        if _layer() is None:
            _hand_over(loop, group, event)
        else:
            _send_on(loop, group, event)
    except RuntimeError as error:  # the loop closed between the look and the call: shutting down
        logger.warning("an event was not published: %r", error)


def _hand_over(loop: asyncio.AbstractEventLoop, group: str, event: Event) -> None:
    hub = _hubs.get(loop)
    if hub is not None and group in hub.subscribers:
        # A copy, as a layer would give: subscribers keep in it what they share.
        loop.call_soon_threadsafe(hub.deliver, group, dict(event))


def _send_on(loop: asyncio.AbstractEventLoop, group: str, event: Event) -> None:
    sending = _send(group, event)
    try:
        future = asyncio.run_coroutine_threadsafe(sending, loop)
    except RuntimeError:
        sending.close()
        raise
    _pending.add(future)
    future.add_done_callback(_sent)


def publish_on_commit(group: str, event: Event) -> None:
    """Send `event` once the transaction around it has committed; at once without one."""
    transaction.on_commit(lambda: publish(group, event))
