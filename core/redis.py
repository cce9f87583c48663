"""Connections to Redis: one server, with TLS or without, or whichever server Sentinel says is the master.

redis://user:password@host:6379/0        rediss://host:6380/0?ssl_ca_certs=/etc/ssl/redis.pem
redis+sentinel://user:password@host:26379,host:26379/service/0?sentinel_password=...
rediss+sentinel://...                    TLS to the sentinels as well as to the servers
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

import redis
from redis import asyncio as aioredis
from redis.asyncio.sentinel import Sentinel as AsyncSentinel
from redis.asyncio.sentinel import SentinelConnectionPool as AsyncSentinelConnectionPool
from redis.connection import parse_url
from redis.sentinel import Sentinel, SentinelConnectionPool

SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel")
_SENTINEL_PORT = 26379
# What counts for the sentinels as it does for the server they name.
_SHARED = ("ssl", "socket_")


@dataclass(frozen=True)
class Service:
    """A server that sentinels know by its name, how to connect to it, and how to connect to them."""

    sentinels: list[tuple[str, int]]
    name: str
    server: dict[str, Any]
    sentinel: dict[str, Any]

    def options(self, more: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """How to connect to the server, and how to connect to the sentinels, with further options."""
        server = {**self.server, **more}
        return server, {**{key: value for key, value in server.items() if key.startswith(_SHARED)}, **self.sentinel}


def service_of(url: str) -> Service | None:
    """Return what a URL says of sentinels, or None if it names a server. Raises ValueError, with what to do."""
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        schemes = ", ".join(f"{scheme}://" for scheme in SCHEMES)
        raise ValueError(f"REDIS_URL must begin with one of {schemes}.")
    if not parts.scheme.endswith("+sentinel"):
        _check(parts, url)
        return None
    account, _, hosts = parts.netloc.rpartition("@")
    name, _, database = parts.path.strip("/").partition("/")
    if not hosts or not name or not (database or "0").isdecimal():
        raise ValueError(
            "REDIS_URL with Sentinel must look like redis+sentinel://host:26379,host:26379/service/0, where service is "
            "the name after `sentinel monitor`."
        )
    query = dict(parse_qsl(parts.query))
    sentinel = {key: query.pop(f"sentinel_{key}") for key in ("username", "password") if f"sentinel_{key}" in query}
    at = f"{account}@" if account else ""
    scheme = parts.scheme.removesuffix("+sentinel")
    # The host is only there to be parsed: it is the sentinels that know it.
    plain = f"{scheme}://{at}server/{database or 0}?{urlencode(query)}"
    server: dict[str, Any] = {**parse_url(plain)}  # type: ignore[no-untyped-call]
    if server.pop("connection_class", None) is not None:
        server["ssl"] = True
    del server["host"]
    return Service([_address(host) for host in hosts.split(",")], name, server, sentinel)


def _check(parts: SplitResult, url: str) -> None:
    """Raise ValueError for a URL that redis-py cannot read, or reads otherwise than it is meant: 0 for `/one`."""
    try:
        parse_url(url)  # type: ignore[no-untyped-call]
        database = "0" if parts.scheme == "unix" else parts.path.strip("/") or "0"
    except ValueError:
        database = ""
    if not database.isdecimal():
        raise ValueError("REDIS_URL must be like redis://user:password@host:6379/0, with the number of a database.")


def pool(url: str, **options: Any) -> "redis.ConnectionPool":
    """A pool of connections. `options` are those of redis-py's connections."""
    service = service_of(url)
    if service is None:
        return redis.ConnectionPool.from_url(url, **options)
    server, sentinel = service.options(options)
    sentinels = Sentinel(service.sentinels, sentinel_kwargs=sentinel)  # type: ignore[no-untyped-call]
    return SentinelConnectionPool(service.name, sentinels, **server)  # type: ignore[no-untyped-call]


def async_pool(url: str, **options: Any) -> "aioredis.ConnectionPool":
    """`pool` for asyncio."""
    service = service_of(url)
    if service is None:
        return aioredis.ConnectionPool.from_url(url, **options)
    server, sentinel = service.options(options)
    sentinels = AsyncSentinel(service.sentinels, sentinel_kwargs=sentinel)  # type: ignore[no-untyped-call]
    return AsyncSentinelConnectionPool(service.name, sentinels, **server)  # type: ignore[no-untyped-call]


def layer_host(url: str, **options: Any) -> dict[str, Any]:
    """The entry of channels_redis' `hosts`."""
    service = service_of(url)
    if service is None:
        return {"address": url, **options}
    server, sentinel = service.options(options)
    return {"sentinels": service.sentinels, "master_name": service.name, "sentinel_kwargs": sentinel, **server}


class CachePool:
    """What Django's cache makes its connections with."""

    @staticmethod
    def from_url(url: str, **options: Any) -> "redis.ConnectionPool":
        return pool(url, **options)


def _address(host: str) -> tuple[str, int]:
    parts = urlsplit(f"//{host}")
    return parts.hostname or "localhost", parts.port or _SENTINEL_PORT
