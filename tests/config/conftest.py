"""A database that cannot be reached."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.backends.utils import CursorWrapper
from django.test import Client


@pytest.fixture
def get_without_database(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Request a path while every statement fails with a text that must not be shown."""

    def refuse(self: CursorWrapper, *args: Any) -> None:
        raise OperationalError("server at 10.1.2.3 with password hunter2 is gone")

    def get(path: str) -> Any:
        with monkeypatch.context() as broken:
            broken.setattr(connection, "close", lambda: None)  # the test's transaction lives on it
            broken.setattr(CursorWrapper, "execute", refuse)
            return client.get(path)

    return get
