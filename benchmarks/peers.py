"""`python -m benchmarks.peers [--quick] [--only NAME ...]`: Patter against what else could be built, on PostgreSQL.

The same operations on the same rows of one database, signed in, from 16 connections, in turn: Patter as it runs, a bare
ASGI application with psycopg (the limit in Python), FastAPI with SQLAlchemy, and, for some, Django REST framework as it
is usually written. The tables were written to before. Needs requirements-bench.txt and Redis: BENCH_REDIS_URL
(default: redis://127.0.0.1:6379/14), which is emptied.
"""

import argparse
import os
import sys

import redis

from benchmarks.each_database import on_each

OPERATIONS = ("list", "one", "history", "search", "create", "send", "webhook", "two")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less data, one short round: does it run at all")
    parser.add_argument(
        "--only", nargs="+", choices=OPERATIONS, default=OPERATIONS, metavar="NAME", help=str(OPERATIONS)
    )
    parser.add_argument("--rounds", type=int)
    options = parser.parse_args()
    url = os.environ.get("BENCH_REDIS_URL", "redis://127.0.0.1:6379/14")
    try:
        with redis.Redis.from_url(url) as kept:
            kept.flushdb()
    except redis.ConnectionError as error:
        raise SystemExit(f"peers need Redis at BENCH_REDIS_URL ({url}): {error}") from error
    rounds = options.rounds or (1 if options.quick else 7)
    arguments = [str(rounds), *(["--quick"] if options.quick else []), *options.only]
    settings = {"REDIS_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings", "ACCESS_TOKEN_MINUTES": "600"}
    settings |= {"WHATSAPP_APP_SECRET": os.urandom(16).hex(), "WHATSAPP_ACCESS_TOKEN": ""}
    return on_each("benchmarks.peers_run", arguments, says="signed in", only="postgres", **settings)


if __name__ == "__main__":
    sys.exit(main())
