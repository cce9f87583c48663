"""What the log says about a request or a socket: its route, who sent it, what became of it, and how long it took.

Never its path or query: they hold searches, names of files, and tokens.
"""

import logging
import re
import time
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

logger = logging.getLogger("patter.access")
# `(?P<pk>[^/.]+)`, as DRF's routers write it.
_NAMED = re.compile(r"\(\?P(<\w+>)[^()]*\)")
slow_logger = logging.getLogger("patter.slow")


@dataclass
class Call:
    """A request. What is not known yet is None."""

    method: str
    request_id: str = ""
    route: str | None = None
    user_id: int | None = None
    status: int | None = None
    # When its answer began, which does not depend on the client's line.
    answered: float | None = None
    begun: float = field(default_factory=time.monotonic)

    def answers(self, status: int) -> None:
        """The answer begins."""
        self.status, self.answered = status, time.monotonic()

    def facts(self) -> dict[str, Any]:
        """What is known, for a line of JSON."""
        known = {"request_id": self.request_id, "user_id": self.user_id, "method": self.method, "route": self.route}
        return {name: value for name, value in known.items() if value not in (None, "")}


# Threads that work for a request share the object (config/lanes.py copies the context, not the values).
_current: ContextVar[Call | None] = ContextVar("call", default=None)


def begin(call: Call) -> "Token[Call | None]":
    """From here on, log lines belong to this call. `end` takes what this returns."""
    return _current.set(call)


def end(token: "Token[Call | None]") -> None:
    """The call is over, for a thread that goes on with something else."""
    _current.reset(token)


def current() -> Call | None:
    """Return the call that is being answered; None outside of one, as in the relay and in commands."""
    return _current.get()


def begun_at() -> datetime:
    """Return when the call that is being answered arrived; outside of one, now."""
    call, now = current(), timezone.now()
    return now if call is None else now - timedelta(seconds=time.monotonic() - call.begun)


def note_user(user_id: int) -> None:
    """Say who sends the request, as soon as that is known."""
    if (call := current()) is not None:
        call.user_id = user_id


def note_route(route: str) -> None:
    """Say which pattern of config/urls.py the path matched. Regular expressions become `<name>`."""
    if (call := current()) is not None:
        call.route = _NAMED.sub(r"\1", route).replace("^", "").rstrip("$")


def finish(call: Call) -> None:
    """Log the call, which has ended; and once more if its answer took longer than SLOW_REQUEST_MS to begin."""
    now = time.monotonic()
    milliseconds = round((now - call.begun) * 1000, 1)
    facts = {**call.facts(), "status": call.status, "duration_ms": milliseconds}
    text = f"{call.method} {call.route or '(no route)'} {call.status or 'cut off'} {milliseconds:.0f} ms"
    if call.user_id is not None:
        text += f" login {call.user_id}"
    logger.info("%s", text, extra={"facts": facts})
    waited = ((call.answered or now) - call.begun) * 1000
    if waited >= settings.SLOW_REQUEST_MS and call.method != "WEBSOCKET":
        slow_logger.warning("slow request: %s", text, extra={"facts": facts})
