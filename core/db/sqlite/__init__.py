"""Django's SQLite backend, with its writers in a queue (`ENGINE: core.db.sqlite`)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Wait no longer than this for a turn to write within the block. Databases with many writers need no turns."""
    if connection.vendor != "sqlite":
        yield
        return
    backend: Any = connection
    with backend.patience(seconds):
        yield
