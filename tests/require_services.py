"""`make test-services` needs PostgreSQL and Redis: find out which is missing (`python -m tests.require_services`)."""

import os
import shutil
import sys
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis


def missing() -> list[str]:
    """Return a text for each server that does not answer."""
    database, cache = os.environ["TEST_DATABASE_URL"], os.environ["TEST_REDIS_URL"]
    problems = []
    # pytest creates its own database test_<name>, so only the server has to be there.
    server = urlunsplit(urlsplit(database)._replace(path="/postgres"))
    try:
        with psycopg.connect(server, connect_timeout=5) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error as error:
        problems.append(f"PostgreSQL is missing (TEST_DATABASE_URL={_public(database)}): {error}")
    try:
        redis.Redis.from_url(cache, socket_timeout=5, socket_connect_timeout=5).ping()
    except (redis.RedisError, ValueError) as error:
        problems.append(f"Redis is missing (TEST_REDIS_URL={_public(cache)}): {error}")
    if shutil.which("pgbouncer") is None:
        problems.append("pgbouncer is missing: one of our own is started between Patter and PostgreSQL.")
    if shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") is None:
        problems.append("nginx is missing: the tests put one of their own in front of Patter.")
    return problems


def _public(url: str) -> str:
    """The URL without its password."""
    parts = urlsplit(url)
    return url.replace(f":{parts.password}@", ":...@") if parts.password else url


if __name__ == "__main__":
    if found := missing():
        sys.exit("\n".join([*found, "make test-services tests on both; start them or name others."]))
