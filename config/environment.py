"""What the environment or a `.env` file says, read as what it must be.

Readers take the name of a setting and what it is when it is not there or empty, and raise ImproperlyConfigured, which
says what the setting must be.
"""

import re
import warnings
from datetime import time
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import environ
from django.core.exceptions import ImproperlyConfigured


class _Settings(environ.Env):  # type: ignore[misc]
    """The environment. It remembers what was asked for, so that misspelled names can be told."""

    asked: ClassVar[set[str]] = set()

    def get_value(self, var: str, *args: Any, **kwargs: Any) -> Any:
        self.asked.add(var)
        return super().get_value(var, *args, **kwargs)


env = _Settings()


def yes_or_no(name: str, default: bool) -> bool:
    """1, true, on, y or yes, or the opposite of these, in any case."""
    value = env.str(name, default="").strip().lower()
    if value and value not in {*env.BOOLEAN_TRUE_STRINGS, "0", "false", "off", "n", "no"}:
        raise ImproperlyConfigured(f"{name} is {value!r}, but must be 1 or 0.")
    return value in env.BOOLEAN_TRUE_STRINGS if value else default


# No number needs to be larger, and with larger ones dates and what PostgreSQL waits for do not fit where they are kept.
MOST, MOST_DAYS = 1_000_000, 36_500
_DIGITS = 20


def whole_number(name: str, default: int, *, least: int = 1, most: int = MOST) -> int:
    """A number without sign or fraction."""
    value = env.str(name, default="") or str(default)
    if not value.isdecimal() or int(value[:_DIGITS]) < least:
        kind = "greater than 0" if least else "such as 5, or 0"
        raise ImproperlyConfigured(f"{name} is {value[:_DIGITS]!r}, but must be a whole number {kind}.")
    if len(value) > _DIGITS or int(value) > most:
        raise ImproperlyConfigured(f"{name} is {value[:_DIGITS]!r}, but must be {most} at most.")
    return int(value)


def database_at(name: str, url: str) -> dict[str, Any]:
    """What the URL of a database in a setting says, as in Django's DATABASES.

    It may hold a password, so the error does not quote it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # which would show the password
            found: dict[str, Any] = env.db_url_config(url)
    except (UserWarning, ValueError):  # an unknown scheme, a port that is none
        found = {}
    engine, database = found.get("ENGINE"), found.get("NAME")
    if engine == "django.db.backends.postgresql":
        database = database or found.get("OPTIONS", {}).get("service")
    # Each thread would have a database of its own in memory.
    elif engine != "django.db.backends.sqlite3" or database == ":memory:":
        database = None
    if not database:
        raise ImproperlyConfigured(
            f"{name} must be like postgres://user:password@host:5432/database, or like sqlite:////folder/file.sqlite3. "
            "Special characters of a password are written as in a URL: %40 is @."
        )
    return found


def time_of_day(name: str, default: str) -> time | None:
    """A time such as 03:00; None for `off`."""
    value = env.str(name, default="") or default
    if value == "off":
        return None
    if re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value) is None:
        raise ImproperlyConfigured(f"{name} is {value!r}, but must be a time of day in UTC like 03:00, or off.")
    return time.fromisoformat(value)


def time_zone(name: str, default: str) -> ZoneInfo:
    """A zone of the IANA database by its name."""
    value = env.str(name, default="") or default
    try:
        return ZoneInfo(value)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise ImproperlyConfigured(f"{name} is {value!r}, but must be the name of a time zone like Asia/Colombo.")


def rate(name: str, default: str) -> str:
    """How often something may happen, as throttles of Django REST framework read it."""
    value = env.str(name, default="") or default
    if re.fullmatch(r"[1-9]\d{0,8}/(s|m|h|d)[a-z]*", value) is None:
        raise ImproperlyConfigured(f"{name} is {value!r}, but must be a rate like 10/min or 60/hour.")
    return value
