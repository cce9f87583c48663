"""`python -m benchmarks [NAME ...] [--quick] [--database sqlite|postgres]`: measures the hot paths.

All of them, or those named; `peers` and `growth` on PostgreSQL only, `message_search` on both in any case.
"""

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

BENCHMARKS = ("list", "detail", "history", "search", "webhook", "frames")
# Modules of this folder, each with databases of its own; the first two on PostgreSQL only.
ALONE = ("peers", "growth", "message_search")
# Two runs at once must not drop each other's.
DATABASE = f"patter_bench_{os.getpid()}"


@contextmanager
def sqlite_database() -> Iterator[str]:
    """A database file in a directory of its own, beside the project: /tmp may be memory, which fsyncs nothing."""
    with tempfile.TemporaryDirectory(prefix="patter-bench-", dir=os.environ.get("BENCH_DIR", "var")) as folder:
        yield f"sqlite:///{Path(folder).resolve() / 'bench.sqlite3'}"


@contextmanager
def postgres_database() -> Iterator[str]:
    """A database on the server of BENCH_DATABASE_URL (default: the local one), created anew and dropped."""
    server = os.environ.get("BENCH_DATABASE_URL", "postgres:///postgres")
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(DATABASE))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(drop)
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        try:
            yield _named(server, DATABASE)
        finally:
            connection.execute(drop)


def _named(server: str, database: str) -> str:
    parts = urlsplit(server)
    # urlunsplit would drop the empty host of `postgres:///name`, the local socket.
    if not parts.netloc:
        return f"{parts.scheme}:///{database}"
    return urlunsplit(parts._replace(path=f"/{database}"))


DATABASES = {"postgres": postgres_database, "sqlite": sqlite_database}


def main() -> int:
    known = (*BENCHMARKS, *ALONE)
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("benchmarks", nargs="*", metavar="benchmark", help=", ".join(known))
    parser.add_argument("--quick", action="store_true", help="less data, one short round: does it run at all")
    parser.add_argument("--database", choices=sorted(DATABASES), help="only this one")
    options = parser.parse_args()
    if unknown := set(options.benchmarks) - set(known):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    chosen = [name for name in known if name in (options.benchmarks or known)]
    quick = ["--quick"] if options.quick else []
    databases = [options.database] if options.database else list(DATABASES)
    failed = _on_each(databases, [name for name in chosen if name in BENCHMARKS], quick)
    for name in [name for name in chosen if name in ALONE] if "postgres" in databases else []:
        failed |= subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *quick], check=False).returncode
    return failed


def _on_each(databases: list[str], chosen: list[str], quick: list[str]) -> int:
    Path("var").mkdir(exist_ok=True)
    failed = 0
    for name in databases if chosen else []:
        with DATABASES[name]() as url:
            # One process per database: Django's settings are read once.
            environment = {
                **os.environ,
                "DATABASE_URL": url,
                "REDIS_URL": "",
                "DEBUG": "0",
                "SECRET_KEY": secrets.token_urlsafe(60),
                "SOCKETS_PER_USER": "10000",
                "WHATSAPP_ACCESS_TOKEN": "",
                "WHATSAPP_APP_SECRET": secrets.token_hex(16),
                "WHATSAPP_SANDBOX": "1",
                "ACCESS_TOKEN_MINUTES": "120",
                "DJANGO_SETTINGS_MODULE": "config.settings",
            }
            command = [sys.executable, "-m", "benchmarks.run", *chosen, *quick]
            failed |= subprocess.run(command, env=environment, check=False).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
