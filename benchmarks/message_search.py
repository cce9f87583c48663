"""`python -m benchmarks.message_search [--quick] [--only postgres|sqlite]`: searching messages, and storing them.

Asks for common and rare words among all messages, those of a salesperson and those of one large chat: 1,000,000
messages on PostgreSQL, 200,000 on SQLite. Prints the processor time of the database for all statements of a request,
which hardly changes when the machine has other work. Then stores messages in turn into a table with the index of words
and into one without.
"""

import argparse
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.database_cpu import DatabaseCpu
from benchmarks.each_database import on_each

if TYPE_CHECKING:
    from rest_framework.test import APIClient

# The first warm up.
WARM_UPS, ROUNDS = 2, 9
RARE_MS, COMMON_MS = 20.0, 50.0
# Messages that are stored in turn, each in a transaction of its own, among the newest COPIED.
STORED = 2_000
MOST_COST = 1.15
COPIED = 100_000
NOBODY = "xylophone"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.message_search", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less data: does it run at all")
    parser.add_argument("--only", choices=("postgres", "sqlite"), help="only this database")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        return measure(options.quick)
    arguments = ["--quick"] if options.quick else []
    says = "in process"
    return on_each("benchmarks.message_search", arguments, says=says, only=options.only, ACCESS_TOKEN_MINUTES="600")


def measure(quick: bool) -> int:
    """Print both tables. Returns 0 whatever the figures are: goals that were missed say so."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from benchmarks import report

    clients, words, chat = _desk(quick)
    from messaging.models import Message

    print(f"{report.machine()}; {Message.objects.count():,} messages\n", flush=True)
    print(f"### Search of messages: processor ms of the database, median / slowest of {ROUNDS}\n")
    paths = {"all": "/api/messages/", "one chat": f"/api/customers/{chat}/messages/"}
    report.table(("", *words, "goal"), _rows(clients, words, paths))
    print(f"### Storing a message: ms, median of {STORED}, each committed\n")
    report.table(("with the index", "without", "ratio", "goal"), [_insert_cost()])
    return 0


def _desk(quick: bool) -> "tuple[dict[str, APIClient], dict[str, list[str]], int]":
    """Fill the database. Who asks, for which words, and the largest chat."""
    from django.db import connection
    from django.db.models import Count
    from rest_framework.test import APIClient

    from accounts.actions.sessions import sign_in
    from accounts.models import User
    from customers.models import Customer
    from messaging.models import Message

    if connection.vendor == "postgresql":
        from benchmarks import growth_data

        growth_data.start()
        growth_data.grow(growth_data.Size(500, 5_500) if quick else growth_data.Size(50_000, 1_000_000))
    else:
        from benchmarks import data

        data.load(data.Size(500, 5_000, 100) if quick else data.Size(5_000, 200_000, 2_000))
    few = User.objects.create_user("few", "few@desk.example", None, role="sales")
    owned = Customer.objects.filter(messages__isnull=False).distinct().order_by("pk")[1:4]
    Customer.objects.filter(pk__in=list(owned.values_list("pk", flat=True))).update(owner=few)
    users = {"admin": "ada", "a salesperson with a tenth": "sam1", "one with three customers": "few"}
    clients = {
        shown: APIClient(
            HTTP_AUTHORIZATION=f"Bearer {sign_in(user=User.objects.get(username=name)).access}", SERVER_NAME="localhost"
        )
        for shown, name in users.items()
    }
    texts = list(Message.objects.order_by("pk").values_list("text", flat=True)[100:200])
    rare = [text.split()[-1] for text in random.Random(5).sample(texts, 11)]
    words = {
        "common": ["order"],
        "two common": ["late order"],
        "two letters": ["or"],
        "one letter": ["o"],
        "rare": rare,
        "rare and common": [f"{word} order" for word in rare],
        "two letters, nobody": ["qx"],
        "nobody": [NOBODY],
    }
    chats = Message.objects.order_by().values("customer").annotate(size=Count("pk")).order_by("-size")
    return clients, words, chats[0]["customer"]


def _rows(
    clients: "dict[str, APIClient]", words: dict[str, list[str]], paths: dict[str, str]
) -> Iterator[tuple[str, ...]]:
    for where, path in paths.items():
        for who, client in clients.items() if where == "all" else [("admin", clients["admin"])]:
            with _database_clock() as clock:
                taken = {name: _times(client, path, terms, clock) for name, terms in words.items()}
            missed = [
                name
                for name, times in taken.items()
                if median(times) > (RARE_MS if "rare" in name or "nobody" in name else COMMON_MS)
            ]
            shown = [f"{median(times):.1f} / {max(times):.1f}" for times in taken.values()]
            yield f"{where}: {who}", *shown, f"**missed**: {', '.join(missed)}" if missed else "met"


def _times(client: "APIClient", path: str, terms: list[str], clock: Callable[[], float]) -> list[float]:
    """What the statements of a request took together, in milliseconds."""
    taken = []
    for turn in range(WARM_UPS + ROUNDS):
        before = clock()
        answer = client.get(path, {"search": terms[turn % len(terms)]})
        taken.append((clock() - before) * 1000)
        if answer.status_code != 200:
            raise SystemExit(f"{path} was answered {answer.status_code}: {answer.content[:300]!r}")
    return taken[WARM_UPS:]


@contextmanager
def _database_clock() -> Iterator[Callable[[], float]]:
    """The processor seconds of the database so far. SQLite works in our own thread, while a statement runs."""
    from django.db import connection

    if connection.vendor == "postgresql":
        database = DatabaseCpu(os.environ["DATABASE_URL"])
        database.start()
        yield database.seconds
        return
    spent = [0.0]

    def clocked(execute: Callable[..., Any], *statement: Any) -> Any:
        began = time.thread_time()
        try:
            return execute(*statement)
        finally:
            spent[0] += time.thread_time() - began

    with connection.execute_wrapper(clocked):
        yield lambda: spent[0]


def _insert_cost() -> tuple[str, ...]:
    """Store the newest messages again, in turn, with their words and without."""
    from django.db import connection

    from core.db.words import joined
    from messaging.models import Message

    copies = {True: "indexed_copy", False: "plain_copy"}
    for indexed, name in copies.items():
        _copy(Message._meta.db_table, name, indexed=indexed)
    fields = [field for field in Message._meta.concrete_fields if field.column not in ("id", "words")]
    columns = [field.column for field in fields]
    rows = [
        [field.get_db_prep_save(value, connection) for field, value in zip(fields, row, strict=True)]
        for row in Message.objects.order_by("-pk").values_list(*columns)[:STORED]
    ]
    names, places = ", ".join(columns), ", ".join(["%s"] * len(columns))
    with_words = f"INSERT INTO {copies[True]} ({names}, words) VALUES ({places}, %s)"
    without = f"INSERT INTO {copies[False]} ({names}) VALUES ({places})"
    taken: dict[bool, list[float]] = {True: [], False: []}
    text, wamid = columns.index("text"), columns.index("wamid")
    with connection.cursor() as cursor:
        for n, row in enumerate(rows):
            row[wamid] = f"wamid.new{n}"
            # Each goes first in turn.
            for indexed in (True, False) if n % 2 else (False, True):
                began = time.perf_counter()
                cursor.execute(*(with_words, [*row, joined(row[text])]) if indexed else (without, row))
                taken[indexed].append((time.perf_counter() - began) * 1000)
    indexed, plain = (median(taken[kind]) for kind in (True, False))
    met = "met" if indexed / plain <= MOST_COST else "**missed**"
    return f"{indexed:.3f}", f"{plain:.3f}", f"{indexed / plain:.2f}", f"<= {MOST_COST:g}: {met}"


def _copy(table: str, name: str, *, indexed: bool) -> None:
    """A copy of the table with its newest rows and its indexes, with the one of words or without."""
    from django.db import connection

    from core.db.word_migrations import KeepWords

    newest = f"SELECT * FROM {table} ORDER BY id DESC LIMIT {COPIED}"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)")
            cursor.execute(f"SELECT indexname FROM pg_indexes WHERE tablename = '{name}' AND indexdef LIKE '%words%'")
            for (index,) in [] if indexed else cursor.fetchall():
                cursor.execute(f"DROP INDEX {index}")
            cursor.execute(f"INSERT INTO {name} OVERRIDING SYSTEM VALUE {newest}")
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))")
            return
        cursor.execute(f"SELECT name, sql FROM sqlite_master WHERE tbl_name = '{table}' AND type IN ('table', 'index')")
        for old, sql in cursor.fetchall():
            if sql is not None and (indexed or "words" not in old):
                new = name if old == table else f"{name}_{old}"
                cursor.execute(sql.replace(f'"{old}"', f'"{new}"', 1).replace(f'ON "{table}"', f'ON "{name}"'))
        for statement in KeepWords(name).statements("sqlite") if indexed else []:
            cursor.execute(statement)
        cursor.execute(f"INSERT INTO {name} {newest}")


if __name__ == "__main__":
    sys.exit(main())
