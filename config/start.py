"""How a command or a server ends whose settings are wrong: with a line that says what to set."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Sequence
from traceback import walk_tb

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper

_NAMED_BY = {"default": "DATABASE_URL", "reports": "REPORTS_DATABASE_URL"}


def require_settings() -> None:
    """Read the settings; if they are wrong, end the process with the reason."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        settings.SECRET_KEY  # noqa: B018 - the first one that is asked for reads them all
    except ImproperlyConfigured as error:
        if (parent := multiprocessing.parent_process()) is not None and parent.pid:
            # A worker of uvicorn, which would start it again, and again.
            os.kill(parent.pid, signal.SIGTERM)
        sys.exit(f"{error}")


def run_command(arguments: Sequence[str]) -> None:
    """Run a command of manage.py; if it cannot connect to a database, end the process with the reason."""
    try:
        execute_from_command_line([*arguments])
    except (Error, ImproperlyConfigured) as error:
        if (alias := _connecting_to(error)) is None:
            raise
        reason = ". ".join(filter(None, map(str.strip, str(error).splitlines())))
        sys.exit(f"There is no connection to the database that {_NAMED_BY[alias]} names: {reason}")


def _connecting_to(error: BaseException) -> str | None:
    """The alias of the database to which there was no connection yet when the error was raised."""
    for frame, _ in walk_tb(error.__traceback__):
        if frame.f_code.co_name == "connect" and isinstance(backend := frame.f_locals.get("self"), BaseDatabaseWrapper):
            return backend.alias
    return None
