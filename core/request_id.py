"""The id of a request, by which its answer, its log lines and what it changed can be found."""

import re
import secrets
from contextvars import ContextVar, Token

HEADER = "X-Request-ID"

_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Threads that work for a request get a copy (config/lanes.py).
_current: ContextVar[str] = ContextVar("request_id", default="")


def begin(given: str) -> Token[str]:
    """Name the request that begins here: as the client does, if that is up to 64 of A-Z, a-z, 0-9, `.`, `_` and `-`.

    `end` takes what this returns.
    """
    return _current.set(given if _ACCEPTED.fullmatch(given) else secrets.token_hex(16))


def end(token: Token[str]) -> None:
    """Where one thread answers several requests: this one is over."""
    _current.reset(token)


def current() -> str:
    """Return the id of the request that is being answered; empty outside of one, as in the relay and in commands."""
    return _current.get()
