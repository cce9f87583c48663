"""Rate limits, counted atomically in Redis or, embedded, in memory."""

import logging
import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

if TYPE_CHECKING:
    # Importing it for real loads the authentication class, and with it accounts, which imports this module.
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)

T = TypeVar("T")

logger = logging.getLogger(__name__)

_PERIODS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


# How long a request may wait for the counters.
_PATIENCE_SECONDS = 1


@cache
def _storage() -> Storage:
    if settings.REDIS_URL:
        patience = {"socket_connect_timeout": _PATIENCE_SECONDS, "socket_timeout": _PATIENCE_SECONDS}
        storage = storage_from_string(settings.REDIS_URL, wrap_exceptions=True, **patience)
    else:
        storage = storage_from_string("memory://")
    assert isinstance(storage, Storage)  # only "async+..." addresses give the other kind
    return storage


@cache
def _spare() -> Storage:
    """Where this process counts while Redis is away: less strict, and nobody is locked out."""
    return MemoryStorage()


@cache
def parse_rate(rate: str) -> RateLimitItem:
    """Read `10/min` or `60/hour`. Raises ValueError for anything else."""
    count, _, period = rate.partition("/")
    if period[:1] not in _PERIODS:
        raise ValueError(f"not a rate: {rate!r} (expected for example 10/min)")
    return RateLimitItemPerSecond(int(count), _PERIODS[period[:1]])


def client_address(request: Request | HttpRequest) -> str:
    """Return the peer's address. Trusted proxies were already taken out by config/asgi.py;
    X-Forwarded-For of anybody else is not believed."""
    return str(request.META.get("REMOTE_ADDR", ""))


class Limit:
    """A limit on what a key may do; the key is any tuple of texts."""

    def __init__(self, rate_setting: str) -> None:
        self.rate_setting = rate_setting

    @property
    def _rate(self) -> RateLimitItem:
        return parse_rate(getattr(settings, self.rate_setting))

    def take(self, *key: str) -> bool:
        """Count one act; False when the limit is used up."""
        return self._ask(lambda limiter: limiter.hit(self._rate, self.rate_setting, *key))

    def wait(self, *key: str) -> float:
        """Seconds until the key may act again."""
        window = self._ask(lambda limiter: limiter.get_window_stats(self._rate, self.rate_setting, *key))
        return max(window.reset_time - time.time(), 0.0)

    def give_back(self, *key: str) -> None:
        """Forget what was counted for the key."""
        self._ask(lambda limiter: limiter.clear(self._rate, self.rate_setting, *key))

    def _ask(self, question: Callable[[FixedWindowRateLimiter], T]) -> T:
        try:
            return question(FixedWindowRateLimiter(_storage()))
        except StorageError as error:
            logger.warning("rate limits are counted in this process alone: %s", error.storage_error)
            return question(FixedWindowRateLimiter(_spare()))


class Pace:
    """How many acts of a kind may happen in any one second, over all processes."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def take(self, per_second: int, *key: str) -> bool:
        """Count one act; False when it would be one too many. 0 is no limit.

        Without the counters (Redis is away) everything may happen: whoever is paced has a limit of their own.
        """
        if not per_second:
            return True
        try:
            return MovingWindowRateLimiter(_storage()).hit(RateLimitItemPerSecond(per_second), self.kind, *key)
        except Exception as error:  # noqa: BLE001 - the storage's errors are those of whatever client it uses
            logger.warning("the counters of %s are out of reach: %s", self.kind, type(error).__name__)
            return True


def reset() -> None:
    """Forget every count (tests)."""
    _storage().reset()
    _spare().reset()


class AddressThrottle(BaseThrottle):
    """A view's limit per client address; name the setting in `rate_setting`."""

    rate_setting = ""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        self.limit, self.key = Limit(self.rate_setting), client_address(request)
        return self.limit.take(self.key)

    def wait(self) -> float | None:
        return self.limit.wait(self.key)
