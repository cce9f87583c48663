"""The channel layer on Redis, and who notices that it was away."""

from typing import Any
from weakref import WeakSet

from channels_redis.pubsub import RedisPubSubChannelLayer
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff

from core.live.publishing import layer_was_away

_known: "WeakSet[AbstractConnection]" = WeakSet()


class NoticedRedisLayer(RedisPubSubChannelLayer):  # type: ignore[misc]  # channels_redis has no types
    """Tells the hub when a connection to Redis was lost and came back.

    redis-py opens it again and subscribes again by itself; what was published meanwhile is gone, and nobody
    says so (`on_reconnect` of channels_redis is accepted and never called).
    """

    def __init__(self, *, hosts: list[str], **options: Any) -> None:
        connection = {
            "redis_connect_func": _connected,
            # An address that swallows everything must not keep publishers waiting for minutes.
            "socket_connect_timeout": 2,
            "socket_timeout": 5,
            # The first event after Redis was away meets a connection that nobody has found dead yet.
            "retry": Retry(ConstantBackoff(0.1), 2),
        }
        super().__init__(hosts=[{"address": host, **connection} for host in hosts], **options)


async def _connected(connection: AbstractConnection) -> None:
    await connection.on_connect()
    if connection in _known:
        layer_was_away()
    _known.add(connection)
