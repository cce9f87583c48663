"""The channel layer on Redis. It notices when its connection was lost."""

import socket
from collections.abc import Iterable
from typing import Any
from weakref import WeakSet

from channels_redis.pubsub import RedisPubSubChannelLayer
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff

from core.live.publishing import layer_was_away
from core.redis import layer_host

# Asked after 15 s of silence, given up after another 15.
_KEEPALIVE = {socket.TCP_KEEPIDLE: 15, socket.TCP_KEEPINTVL: 5, socket.TCP_KEEPCNT: 3}

_known: "WeakSet[AbstractConnection]" = WeakSet()


class NoticedRedisLayer(RedisPubSubChannelLayer):  # type: ignore[misc]  # channels_redis has no types
    """Tells the hub when a lost connection to Redis has been restored.

    redis-py reconnects and subscribes again by itself, but what was published meanwhile is lost, and nothing reports it
    (channels_redis accepts `on_reconnect`, but never calls it).
    """

    def __init__(self, *, hosts: list[str], **options: Any) -> None:
        connection = {
            "redis_connect_func": _connected,
            # A server that does not answer must not make publishers wait for minutes.
            "socket_connect_timeout": 2,
            "socket_timeout": 5,
            # After an outage of Redis, the first event uses a connection that is not yet known to be dead.
            "retry": Retry(ConstantBackoff(0.1), 2),
        }
        super().__init__(hosts=[layer_host(host, **connection, **_watched(host)) for host in hosts], **options)

    async def send_all(self, messages: Iterable[tuple[str, dict[str, Any]]]) -> None:
        """`group_send` for messages to several groups, in their order and in one round trip."""
        layer = self._get_layer()
        (shard,) = layer._shards  # one for each host
        shard._ensure_redis()
        async with shard._redis.pipeline(transaction=False) as pipe:
            for group, message in messages:
                pipe.publish(layer._get_group_channel_name(group), self.serialize(message))
            await pipe.execute()


def _watched(host: str) -> dict[str, Any]:
    """Let a lost machine be noticed. A subscriber only listens, so nothing else would tell."""
    if host.startswith("unix:"):
        return {}
    return {"socket_keepalive": True, "socket_keepalive_options": _KEEPALIVE}


async def _connected(connection: AbstractConnection) -> None:
    _tell_lost_from_late(connection)
    await connection.on_connect()
    if connection in _known:
        layer_was_away()
    _known.add(connection)


def _tell_lost_from_late(connection: AbstractConnection) -> None:
    """Let redis-py see that a connection is lost which the system gave up because nobody answered (ETIMEDOUT).

    Python's error for that is the one by which redis-py knows that nothing came in time. It would read again at once
    and get the same error, for ever, and the event loop would do nothing else.
    """
    reader: Any = connection._reader
    fail = reader.set_exception

    def failed(error: Exception) -> None:
        fail(ConnectionResetError(*error.args) if isinstance(error, TimeoutError) else error)

    reader.set_exception = failed
