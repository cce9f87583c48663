"""Publishing: sends events to all processes that listen to a group. Events are small dicts of JSON values.

No other module sends to the channel layer.
"""

import asyncio
import atexit
import logging
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from contextvars import Context

from django.conf import settings
from django.db import transaction

from core.live.groups import RELAY
from core.live.hub import Hint, Hub, channel_layer

logger = logging.getLogger(__name__)

_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}
_loop: asyncio.AbstractEventLoop | None = None
_lock = threading.Lock()
_outboxes: dict[asyncio.AbstractEventLoop, "_Outbox"] = {}
_pending: set["Future[None]"] = set()

_Sent = tuple[str, Hint]  # the group that is told, and what


def attach() -> Hub:
    """Make `publish` use the running event loop, and return the hub of that loop.

    Called when the ASGI server starts and whenever a socket connects.
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
    """Called when the layer of the running loop has reconnected. Events sent while it was away are lost."""
    hub = _hubs.get(asyncio.get_running_loop())
    if hub is not None:
        hub.resync_soon()


def _start_loop() -> asyncio.AbstractEventLoop:
    """Run an event loop in a thread, for processes that publish but have no sockets."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="live", daemon=True).start()
    atexit.register(_flush)
    return loop


def _flush() -> None:
    """Wait a moment for the last events of a short-lived process to be sent."""
    for future in tuple(_pending):
        try:
            future.result(timeout=1)
        except Exception as error:  # noqa: BLE001 - at exit the error can only be logged
            logger.warning("an event was not published: %r", error)


def _publishing_loop() -> asyncio.AbstractEventLoop | None:
    global _loop
    with _lock:
        if _loop is not None and not _loop.is_closed():
            return _loop
        if not settings.REDIS_URL:
            return None  # there is only this process, and without a loop it has no sockets to tell
        _loop = _start_loop()
        return _loop


class _Outbox:
    """Events on their way to a loop and, with Redis, from there to the other processes: in the order they came.

    What comes while others are being handed over or sent goes with the next ones: under load one hand-over and one
    round trip serve several requests.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._guard = threading.Lock()
        self._waiting: list[_Sent] = []
        self._busy = False  # somebody on the loop takes what is waiting

    def put(self, events: Iterable[_Sent]) -> None:
        """Raises RuntimeError if the loop is closed."""
        with self._guard:
            # A relay that has not yet been told of the last wake needs no other.
            woken = any(group == RELAY for group, _ in self._waiting)
            self._waiting += [sent for sent in events if not (woken and sent[0] == RELAY)]
            if self._busy or not self._waiting:
                return
            self._busy = True
        try:
            self._start()
        except RuntimeError:
            self._busy, self._waiting = False, []
            raise

    def _take(self) -> list[_Sent]:
        with self._guard:
            taken, self._waiting = self._waiting, []
            self._busy = bool(taken)
        return taken

    def _start(self) -> None:
        # In a context of its own: these are events of several requests, and the layer's connections outlive them all.
        if channel_layer() is None:
            self._loop.call_soon_threadsafe(self._deliver, context=Context())
            return
        sending = self._send()
        try:
            future = Context().run(asyncio.run_coroutine_threadsafe, sending, self._loop)
        except RuntimeError:
            sending.close()
            raise
        _pending.add(future)
        future.add_done_callback(_pending.discard)

    def _deliver(self) -> None:
        hub = _hubs[self._loop]
        while events := self._take():
            for group, event in events:
                # A copy, as a layer would make one: subscribers store in it what they share.
                hub.deliver(group, dict(event))

    async def _send(self) -> None:
        while events := self._take():
            try:
                await channel_layer().send_all(
                    [(group, {"type": "live", "group": group, "event": event}) for group, event in events]
                )
            except Exception as error:  # noqa: BLE001 - the errors depend on the client that the layer uses
                logger.warning("%d events were not published: %r", len(events), error)


def publish(group: str, event: Hint) -> None:
    """`publish_all` for one event."""
    publish_all([(group, event)])


def publish_all(events: Sequence[_Sent]) -> None:
    """Send events, each to all listeners of its group in all processes. Never raises and never waits.

    The change that the events announce must be committed before; `publish_on_commit` takes care of that.
    """
    loop = _publishing_loop()
    if loop is None:
        return
    if channel_layer() is None:
        hub = _hubs.get(loop)
        events = [(group, event) for group, event in events if hub is not None and group in hub.subscribers]
    try:
        _outbox_of(loop).put(events)
    except RuntimeError as error:  # the loop was closed meanwhile: the process is stopping
        logger.warning("events were not published: %r", error)


def _outbox_of(loop: asyncio.AbstractEventLoop) -> _Outbox:
    with _lock:
        if loop not in _outboxes:
            for stale in [known for known in _outboxes if known.is_closed()]:
                del _outboxes[stale]
            _outboxes[loop] = _Outbox(loop)
        return _outboxes[loop]


def publish_on_commit(group: str, event: Hint) -> None:
    """Send `event` when the surrounding transaction has been committed, or at once if there is none."""
    transaction.on_commit(lambda: publish(group, event))


def wake_relays() -> None:
    """Tell the relays, on commit, that something was queued. Without being told they look once a second."""
    publish_on_commit(RELAY, {"type": "wake"})
