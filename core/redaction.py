"""Keeps personal data out of the log: what exceptions quote, phones, emails, secrets and paths."""

import logging
import re
from typing import Any
from urllib.parse import unquote

from core.calls import current

HIDDEN = "..."

# `name=value`, as in a URL. The name, and even the `=`, may be written as `%74icket` or `%2574icket`.
_PAIR = re.compile(r"(?<![\w%.\[\]~-])([\w%.\[\]~-]{1,200}?)(=|%(?:25)*3d)([^&\s\"'<>]+)", re.IGNORECASE)
# `access_token` ends like `token`.
_SECRETS = ("ticket", "token", "sig", "signature", "password", "secret")
# Parameters that say nothing about people. All others are hidden: they hold searches, phones and names.
_HARMLESS = frozenset({"last_seq", "after", "before", "page", "page_size", "limit", "offset", "ordering", "format"})
_JWT = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*")
_EMAIL = re.compile(r"[\w.+-]+(?:@|%(?:25)*40)[\w-]+(?:\.[\w-]+)+")
# A phone in digits, alone or with a plus; not a part of a longer word such as a wamid, nor of a decimal number.
_PHONE = re.compile(r"(?:(?<![\w.+-])(?:\+\d{7,15}|\d{9,15})|%(?:25)*2b\d{7,15})(?![\w-])", re.IGNORECASE)
# What PostgreSQL adds about the rows, and what exceptions quote. Names of ours have an underscore.
_ABOUT_ROWS = re.compile(r"\s*\n(?:DETAIL|CONTEXT|HINT|QUERY|LINE \d+):?.*", re.DOTALL)
_QUOTED = re.compile(r"'[^'\n]*'|\"(?![a-z0-9]*_[a-z0-9_]*\")[^\"\n]*\"|\[(?!Errno)[^\]\n]*\]")


def hide_secrets(text: str) -> str:
    """Return a text without the tokens in it, and without the values in the query strings of its URLs."""
    return _JWT.sub(HIDDEN, _PAIR.sub(_hidden_pair, text))


def _hidden_pair(pair: "re.Match[str]") -> str:
    name = _decoded(pair[1]).lower()
    in_query = pair.string[pair.start() - 1 : pair.start()] in ("?", "&")
    hidden = name.endswith(_SECRETS) or (in_query and name not in _HARMLESS)
    return f"{pair[1]}{pair[2]}{HIDDEN}" if hidden else pair[0]


def _decoded(name: str) -> str:
    """A name as it is meant, however often it was encoded."""
    while (plain := unquote(name)) != name:
        name = plain
    return name


def hide_people(text: str) -> str:
    """Return a text without phones and emails."""
    return _PHONE.sub(HIDDEN, _EMAIL.sub(HIDDEN, text))


def said(error: BaseException) -> str:
    """Return what an exception says, without the values in it."""
    if isinstance(error, KeyError):
        return ""  # it says nothing but the key
    return hide_people(_QUOTED.sub(HIDDEN, _ABOUT_ROWS.sub("", str(error))))


class _Said:
    """An exception among the arguments of a log line."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def __str__(self) -> str:
        return said(self._error)

    def __repr__(self) -> str:
        return f"{type(self._error).__name__}({said(self._error)})"


def message_of(record: logging.LogRecord) -> str:
    """Return the message of a record, as it may be logged."""
    args: Any = record.args
    if isinstance(args, tuple):
        path = getattr(getattr(record, "request", None), "path", None)
        args = tuple(_allowed(arg, path) for arg in args)
    text = str(record.msg) if not args else str(record.msg) % args
    return hide_people(hide_secrets(text))


def _allowed(arg: Any, path: str | None) -> Any:
    if isinstance(arg, BaseException):
        return _Said(arg)
    if path is not None and arg == path:  # Django's own lines about requests
        call = current()
        return (call and call.route) or HIDDEN
    return arg
