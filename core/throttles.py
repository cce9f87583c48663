"""Rate limits. They are counted atomically in Redis, or in memory if there is only one process."""

import logging
import time
from collections.abc import Callable
from functools import cache
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter
from redis.backoff import NoBackoff
from redis.retry import Retry
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from core.redis import pool

if TYPE_CHECKING:
    # Only for types: importing it at run time loads the authentication class of accounts, which imports this module.
    from rest_framework.views import APIView

T = TypeVar("T")

logger = logging.getLogger(__name__)

_PERIODS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# How long a request may wait for Redis.
_PATIENCE_SECONDS = 1
# How long a relay may wait for it while it claims messages, and for how long it then does without.
_PACE_PATIENCE_SECONDS, _PACE_WITHOUT_SECONDS = 0.1, 5.0


def _storage() -> Storage:
    return _storage_at(settings.REDIS_URL, _PATIENCE_SECONDS)


@cache
def _storage_at(redis_url: str, seconds: float) -> Storage:
    if redis_url:
        # One try: the client would wait again for each.
        patience: Any = {"socket_connect_timeout": seconds, "socket_timeout": seconds, "retry": Retry(NoBackoff(), 0)}
        return RedisStorage("redis://", connection_pool=pool(redis_url, **patience), wrap_exceptions=True)
    return MemoryStorage()


@cache
def _spare() -> Storage:
    """Return where this process counts while Redis cannot be reached: less strict, but people can still sign in."""
    return MemoryStorage()


@cache
def parse_rate(rate: str) -> RateLimitItem:
    """Parse a rate such as `10/min` or `60/hour`. Raises ValueError for anything else."""
    count, _, period = rate.partition("/")
    if period[:1] not in _PERIODS:
        raise ValueError(f"not a rate: {rate!r} (expected for example 10/min)")
    return RateLimitItemPerSecond(int(count), _PERIODS[period[:1]])


def client_address(request: Request | HttpRequest) -> str:
    """Return the client's address.

    config/asgi.py has already replaced the addresses of trusted proxies. X-Forwarded-For of others is ignored.
    """
    return str(request.META.get("REMOTE_ADDR", ""))


def network_of(address: str) -> str:
    """Return what limits count for an address: itself, or of IPv6 the /64, which one household or server has whole."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if not isinstance(known, IPv6Address):
        return address
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ip_network((known.packed, 64), strict=False))


class Limit:
    """A limit on how often something may happen for a key, which is any tuple of texts."""

    def __init__(self, rate_setting: str) -> None:
        self.rate_setting = rate_setting

    @property
    def _rate(self) -> RateLimitItem:
        return parse_rate(getattr(settings, self.rate_setting))

    def take(self, *key: str) -> bool:
        """Count one attempt. Return False if the limit has been reached."""
        return self._ask(lambda limiter: limiter.hit(self._rate, self.rate_setting, *key))

    def wait(self, *key: str) -> int:
        """Return after how many whole seconds the next attempt is allowed, at least 1: DRF leaves out a wait of 0."""
        window = self._ask(lambda limiter: limiter.get_window_stats(self._rate, self.rate_setting, *key))
        return max(ceil(window.reset_time - time.time()), 1)

    def past(self, *key: str) -> int:
        """Count one attempt. Return how many there are beyond the limit: 0 while it is kept."""
        rate = self._rate
        count = self._ask(
            lambda limiter: limiter.storage.incr(rate.key_for(self.rate_setting, *key), rate.get_expiry())
        )
        return max(count - rate.amount, 0)

    def take_back(self, *key: str) -> None:
        """Count one attempt less: it was none after all."""
        self._ask(lambda limiter: limiter.hit(self._rate, self.rate_setting, *key, cost=-1))

    def give_back(self, *key: str) -> None:
        """Reset the count of the key to zero."""
        self._ask(lambda limiter: limiter.clear(self._rate, self.rate_setting, *key))

    def _ask(self, question: Callable[[FixedWindowRateLimiter], T]) -> T:
        try:
            return question(FixedWindowRateLimiter(_storage()))
        except StorageError as error:
            logger.warning("Redis cannot be reached, rate limits count in this process only: %s", error.storage_error)
            return question(FixedWindowRateLimiter(_spare()))


class Pace:
    """A limit on how often something of a kind may happen within any second, over all processes."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._without_until = 0.0

    def take(self, per_second: int, *key: str) -> bool:
        """Count one attempt. Return False if it would exceed `per_second`; 0 means no limit.

        Without Redis everything is allowed: what is paced here is something that others limit as well.
        """
        if not per_second or time.monotonic() < self._without_until:
            return True
        storage = _storage_at(settings.REDIS_URL, _PACE_PATIENCE_SECONDS) if settings.REDIS_URL else _storage()
        try:
            return MovingWindowRateLimiter(storage).hit(RateLimitItemPerSecond(per_second), self.kind, *key)
        except Exception as error:  # noqa: BLE001 - the errors depend on the client that the storage uses
            self._without_until = time.monotonic() + _PACE_WITHOUT_SECONDS
            logger.warning("Redis cannot be reached, %s is not paced: %s", self.kind, type(error).__name__)
            return True


def reset() -> None:
    """Reset all counts to zero (for tests)."""
    _storage().reset()
    _spare().reset()


class AddressThrottle(BaseThrottle):
    """Limits a view per client address. `rate_setting` is the name of the setting with the rate."""

    rate_setting = ""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        self.limit, self.key = Limit(self.rate_setting), network_of(client_address(request))
        return self.limit.take(self.key)

    def wait(self) -> int:
        return self.limit.wait(self.key)
