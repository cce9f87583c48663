"""Where sockets do their database work."""

from collections.abc import Callable
from typing import Any, TypeVar

from channels.db import database_sync_to_async

Returned = TypeVar("Returned")


async def in_thread(function: Callable[..., Returned], *args: Any, **kwargs: Any) -> Returned:
    """Run database work outside the event loop. By default, channels uses one thread for all sockets."""
    returned: Returned = await database_sync_to_async(function, thread_sensitive=False)(*args, **kwargs)
    return returned
