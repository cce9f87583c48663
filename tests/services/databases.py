"""Databases for stacks: each a copy of a template that was migrated and seeded once."""

import os
import shutil
import sqlite3
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg


class Database:
    """A database of one stack: a copy of a template that was migrated and seeded once."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")

    def query(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a plain statement, in a transaction of its own. Parameters are `%s`."""
        if self.is_sqlite:
            connection: Any = sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=30, isolation_level=None)
            sql = sql.replace("%s", "?")
        else:
            connection = psycopg.connect(self.url, autocommit=True)
        try:
            cursor = connection.execute(sql, params)
            return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    def value(self, sql: str, *params: Any) -> Any:
        return self.query(sql, *params)[0][0]


def postgres_url(name: str) -> str:
    """The URL of a database beside the one TEST_DATABASE_URL names."""
    parts = urlsplit(os.environ.get("TEST_DATABASE_URL") or "postgres:///postgres")
    # urlunsplit drops an empty host's slashes, which libpq needs.
    return f"{parts.scheme}://{parts.netloc}" + urlunsplit(("", "", f"/{name}", parts.query, ""))


class Databases:
    """Makes databases, of kind `sqlite` (files under `root`) or `postgres`; `fill` gets each new template."""

    def __init__(self, root: Path, fill: Callable[[Database], dict[str, Any]]) -> None:
        self._root, self._fill = root, fill
        self._key = f"patter_services_{os.getpid()}_{uuid.uuid4().hex[:6]}"
        self._people: dict[str, dict[str, Any]] = {}
        self._created: list[str] = []

    def make(self, kind: str, folder: Path) -> tuple[Database, dict[str, Any]]:
        """Return a copy of the template and what `fill` said of it."""
        if kind not in self._people:
            self._people[kind] = self._fill(self._template(kind))
        return self._copy(kind, folder), self._people[kind]

    def drop_all(self) -> None:
        if not self._created:
            return
        with psycopg.connect(postgres_url("postgres"), autocommit=True) as connection:
            for name in reversed(self._created):
                connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _template(self, kind: str) -> Database:
        if kind == "sqlite":
            return Database(f"sqlite:///{self._root / 'template.sqlite3'}")
        return self._create("template0")

    def _copy(self, kind: str, folder: Path) -> Database:
        if kind == "sqlite":
            # The WAL was checkpointed and removed when the last connection closed.
            shutil.copy(self._root / "template.sqlite3", folder / "patter.sqlite3")
            return Database(f"sqlite:///{folder / 'patter.sqlite3'}")
        return self._create(self._created[0])

    def _create(self, template: str) -> Database:
        name = f"{self._key}_{len(self._created)}"
        with psycopg.connect(postgres_url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" ENCODING \'UTF8\'')
        self._created.append(name)
        return Database(postgres_url(name))
