"""Answers that are held back for some seconds, to slow down whoever guesses. No thread waits: the event loop does.

A view says so while it runs (`hold_answer`); config/bridge.py takes it when the answer is there. Under config/wsgi.py
there is no loop, and answers leave at once.
"""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Hold:
    """Keep the answer for `seconds`. Few may be held at once for the same `key`."""

    seconds: float
    key: str


# Each request is run in a copy of the context (config/lanes.py), and begins with none.
_wanted: ContextVar[Hold | None] = ContextVar("hold", default=None)


def hold_answer(seconds: float, key: str) -> None:
    """Have the answer to the current request held back. The longest of several counts."""
    wanted = _wanted.get()
    if wanted is None or seconds > wanted.seconds:
        _wanted.set(Hold(seconds, key))


def take_hold() -> Hold | None:
    """Return what the request wanted, and forget it."""
    wanted = _wanted.get()
    _wanted.set(None)
    return wanted
