"""How log lines look: as text, or as JSON (LOG_FORMAT); and which are logged once a minute."""

import json
import logging
import time
import traceback
from copy import copy
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from django.conf import settings
from uvicorn.logging import ColourizedFormatter

from core.calls import current as current_call
from core.redaction import hide_people, hide_secrets, message_of, said
from core.request_id import current

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

# So many names are told apart in a minute; more are those of somebody who tries names.
MOST_NAMES = 20


class HideSecrets(logging.Filter):
    """Removes tokens, searches and phones from what servers log, whatever the format of their lines."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_hidden(arg) if isinstance(arg, str) else arg for arg in record.args)
        if isinstance(record.msg, str):
            record.msg = _hidden(record.msg)
        return True


def _hidden(text: str) -> str:
    return hide_people(hide_secrets(text))


class RefusedHosts(logging.Filter):
    """Says of each host that ALLOWED_HOSTS refuses, once a minute, what to do; without a traceback."""

    def __init__(self) -> None:
        super().__init__()
        self._minute, self._names = 0, set[str]()

    def filter(self, record: logging.LogRecord) -> bool:
        minute = int(time.monotonic() // 60)
        if minute != self._minute:
            self._minute, self._names = minute, set()
        request: Any = record.__dict__["request"]
        name = str(request.META.get("HTTP_HOST", ""))[:100]
        if name in self._names or len(self._names) >= MOST_NAMES:
            return False
        self._names.add(name)
        record.msg = "a request for the host %r is refused: if it is yours, add it to ALLOWED_HOSTS"
        record.args, record.exc_info, record.exc_text = (name,), None, None
        return True


class Once:
    """Lets something be said once in so many seconds, by this process."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._next = seconds, 0.0

    def now(self) -> bool:
        """Whether it is time."""
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + self._seconds
        return True


def report_of(exc_info: ExcInfo) -> str:
    """Return a traceback without the values that its exceptions quote. With DEBUG nothing is left out."""
    kind, error, trace = exc_info
    if kind is None or error is None:
        return ""
    if settings.DEBUG:
        return "".join(traceback.format_exception(kind, error, trace)).rstrip()
    parts: list[str] = []
    shown: BaseException | None = error
    while shown is not None and len(parts) < 5:
        frames = "".join(traceback.format_tb(shown.__traceback__))
        parts.append(f"Traceback (most recent call last):\n{frames}{type(shown).__qualname__}: {said(shown)}")
        shown = shown.__cause__ or (None if shown.__suppress_context__ else shown.__context__)
    return "\n\nafter\n\n".join(parts)


class TextLines(logging.Formatter):
    """`2024-05-01 10:00:00,000 INFO name: message [request id]`, and below it the traceback."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        record.message, record.asctime = message_of(record), self.formatTime(record)
        text = self.formatMessage(record)
        if request_id := _request_id(record):
            text += f" [{request_id}]"
        return f"{text}\n{report_of(record.exc_info)}" if record.exc_info else text


class JsonLines(logging.Formatter):
    """An object of JSON for each record, on one line."""

    def format(self, record: logging.LogRecord) -> str:
        call = current_call()
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": message_of(record),
            **({"request_id": current()} if current() else {}),
            **(call.facts() if call is not None else {}),
            **getattr(record, "facts", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = type(record.exc_info[1]).__qualname__
            line["traceback"] = report_of(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class WithRequestId(logging.Formatter):
    """Lines as `inner` formats them, with the id of the request in brackets, and the traceback below."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self.inner = inner

    def format(self, record: logging.LogRecord) -> str:
        report = report_of(record.exc_info) if record.exc_info else ""
        plain = copy(record)
        plain.exc_info = plain.exc_text = None
        text = self.inner.format(plain).rstrip("\n")
        if request_id := _request_id(record):
            text += f" [{request_id}]"
        return f"{text}\n{report}" if report else text


def _request_id(record: logging.LogRecord) -> str:
    return getattr(record, "facts", {}).get("request_id") or current()


class _OnlyOurs(logging.Filter):
    """Leaves out what uvicorn says of each socket: it names the path, and patter.access has a line of its own."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = str(record.msg)
        return "WebSocket" not in text and text not in ("connection open", "connection closed")


def prepare_server_logs() -> None:
    """Replace uvicorn's access log, which has paths, by our own; give its other lines our format.

    `--no-access-log` turns off ours. Lines whose format somebody chose (`--log-config`) keep it.
    """
    access, errors = logging.getLogger("uvicorn.access"), logging.getLogger("uvicorn.error")
    logging.getLogger("patter.access").setLevel(access.getEffectiveLevel() if access.hasHandlers() else logging.WARNING)
    access.handlers, access.propagate = [], False
    hide = HideSecrets()
    # The second tells of every step of every request, with `--log-level trace`.
    for named in (errors, logging.getLogger("uvicorn.asgi")):
        named.addFilter(hide)
    errors.addFilter(_OnlyOurs())
    for handler in logging.getLogger("uvicorn").handlers:
        if isinstance(handler.formatter, ColourizedFormatter):
            json_lines = settings.LOG_FORMAT == "json"
            handler.setFormatter(JsonLines() if json_lines else WithRequestId(handler.formatter))
