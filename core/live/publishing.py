"""Publishing: sends events to all processes that listen to a group. Events are small dicts of JSON values.

No other module sends to the channel layer.
"""

import asyncio
import atexit
import logging
import threading
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
_pending: set["Future[None]"] = set()


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


async def _send(group: str, event: Hint) -> None:
    await channel_layer().group_send(group, {"type": "live", "group": group, "event": event})


def _sent(future: "Future[None]") -> None:
    _pending.discard(future)
    if not future.cancelled() and (error := future.exception()) is not None:
        logger.warning("an event was not published: %r", error)


def publish(group: str, event: Hint) -> None:
    """Send `event` to all listeners of `group` in all processes. Never raises and never waits.

    The change that the event announces must be committed before; `publish_on_commit` takes care of that.
    """
    loop = _publishing_loop()
    if loop is None:
        return
    try:
        if channel_layer() is None:
            _hand_over(loop, group, event)
        else:
            _send_on(loop, group, event)
    except RuntimeError as error:  # the loop was closed meanwhile: the process is stopping
        logger.warning("an event was not published: %r", error)


def _hand_over(loop: asyncio.AbstractEventLoop, group: str, event: Hint) -> None:
    hub = _hubs.get(loop)
    if hub is not None and group in hub.subscribers:
        # A copy, as a layer would make one: subscribers store in it what they share.
        loop.call_soon_threadsafe(hub.deliver, group, dict(event))


def _send_on(loop: asyncio.AbstractEventLoop, group: str, event: Hint) -> None:
    sending = _send(group, event)
    try:
        # In a context of its own: the layer's connections outlive the request, and must not log with its id.
        future = Context().run(asyncio.run_coroutine_threadsafe, sending, loop)
    except RuntimeError:
        sending.close()
        raise
    _pending.add(future)
    future.add_done_callback(_sent)


def publish_on_commit(group: str, event: Hint) -> None:
    """Send `event` when the surrounding transaction has been committed, or at once if there is none."""
    transaction.on_commit(lambda: publish(group, event))


def wake_relays() -> None:
    """Tell the relays, on commit, that something was queued. Without being told they look once a second."""
    publish_on_commit(RELAY, {"type": "wake"})
