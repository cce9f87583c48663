"""Django's SQLite backend, with a queue for writers (`ENGINE: core.db.sqlite`)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Within the block, wait at most so long for a turn to write. Does nothing on databases with several writers."""
    if connection.vendor != "sqlite":
        yield
        return
    backend: Any = connection
    with backend.patience(seconds):
        yield
