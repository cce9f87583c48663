"""`python -m benchmarks.partitions [events messages] [--rows N] [--months N]`: one large table, or one for each month.

Makes a migrated database on the server of BENCH_DATABASE_URL, fills a copy of Patter's table and a copy of it that is
partitioned by month with the same rows, and asks both the same. Then the oldest month goes: by deleting rows in batches
as `manage.py prune` does, and by dropping a partition. 10 million rows need 12 GB for a while and minutes; the index
of the search for words is left out, which would take most of them. Nothing in Patter uses partitions.
"""

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg

from benchmarks.__main__ import postgres_database
from benchmarks.machine import machine
from benchmarks.report import percentile

CUSTOMERS = 100_000
ASKED = 200
INSERTED = 5_000
PRUNED_AT_ONCE = 2_000  # as core/retention.py
_BYTES_A_ROW = 1_200  # both copies with their indexes, while they are there
_QUICK = "SET synchronous_commit = off; SET maintenance_work_mem = '512MB'; SET max_parallel_maintenance_workers = 0"


@dataclass(frozen=True)
class Kind:
    """A table of Patter's, by what it is divided, the columns of made rows, and what is asked of it."""

    table: str
    by: str
    columns: dict[str, str]
    history: str
    look_up: str
    # How many rows one customer has, or how `look_up` finds one row.
    key: Callable[[int], Any]


_CUSTOMER = f"1 + (n::bigint * 7919) %% {CUSTOMERS}"
KINDS = {
    "events": Kind(
        "customers_event",
        "created_at",
        {
            "id": "n",
            "seq": "n",
            "type": "'chat_message'",
            "data": '\'{{"text": "' + "Is it still there? " * 12 + '", "status": "read", "media": null}}\'::jsonb',
            "created_at": "{at}",
            "customer_id": _CUSTOMER,
        },
        "SELECT id, seq, data FROM {table} WHERE customer_id = %s {bound} ORDER BY seq DESC LIMIT 50",
        "SELECT max(seq) FROM {table} WHERE customer_id = %s {bound}",
        lambda number: 1 + number * 7919 % CUSTOMERS,
    ),
    "messages": Kind(
        "messaging_message",
        "ordered_at",
        {
            "id": "n",
            "attempts": "0",
            "not_before": "{at}",
            "direction": "CASE n %% 2 WHEN 0 THEN 'inbound' ELSE 'outbound' END",
            "type": "'text'",
            "text": "repeat(md5(n::text), 2)",
            "words": "''::tsvector",
            "payload": "'{{}}'::jsonb",
            "reactions": "'[]'::jsonb",
            "wamid": "'wamid.' || md5(n::text)",
            "status": "'read'",
            "created_at": "{at}",
            "ordered_at": "{at}",
            "business_number_id": "1",
            "customer_id": _CUSTOMER,
        },
        "SELECT id, text FROM {table} WHERE customer_id = %s {bound} ORDER BY ordered_at DESC, id DESC LIMIT 50",
        "SELECT id FROM {table} WHERE business_number_id = 1 AND wamid = 'wamid.' || md5(%s::text) {bound}",
        lambda number: number,
    ),
}


class Copies:
    """The two copies of one table: `plain` and `parts`."""

    def __init__(self, connection: "psycopg.Connection[Any]", kind: Kind, rows: int, months: int) -> None:
        self.connection, self.kind, self.rows = connection, kind, rows
        now = datetime.now(UTC)
        self.starts = [_month(now, back) for back in range(months - 1, -5, -1)]
        self.seconds = (now - self.starts[0]).total_seconds()

    def run(self, statement: str, *values: Any) -> Any:
        found = self.connection.execute(statement, values or None)  # type: ignore[arg-type]
        return found.fetchall() if found.description else None

    def fill(self) -> None:
        """Both copies with the same rows, oldest first, and their indexes."""
        self.run(f"CREATE TABLE plain (LIKE {self.kind.table} INCLUDING DEFAULTS)")
        self.run(self._insert("plain", 1, self.rows).replace("%%", "%"))
        by = self.kind.by
        self.run(f"CREATE TABLE parts (LIKE {self.kind.table} INCLUDING DEFAULTS) PARTITION BY RANGE ({by})")
        for number, (start, end) in enumerate(zip(self.starts, self.starts[1:], strict=False)):
            self.run(f"CREATE TABLE part_{number} PARTITION OF parts FOR VALUES FROM ('{start}') TO ('{end}')")
        self.run("INSERT INTO parts SELECT * FROM plain")
        for (index,) in self.run(f"SELECT indexdef FROM pg_indexes WHERE tablename = '{self.kind.table}'"):
            if " gin " in index:
                continue
            name = re.search(r"INDEX (\S+) ON", index)[1]  # type: ignore[index]
            for table in ("plain", "parts"):
                there = index.replace(f"INDEX {name} ON public.{self.kind.table}", f"INDEX {table}_{name} ON {table}")
                if table == "parts" and "UNIQUE" in index:
                    there = re.sub(r"\)(?=[^)]*$)", f", {by})", there, count=1)  # a partition only knows its own rows
                self.run(there)
        self.run("VACUUM ANALYZE plain")
        self.run("ANALYZE parts")
        self.run("CHECKPOINT")

    def _insert(self, table: str, first: int, last: int) -> str:
        at = f"timestamptz '{self.starts[0]}' + n * interval '{self.seconds / self.rows:.9f} seconds'"
        columns = ", ".join(self.kind.columns)
        values = ", ".join(value.format(at=at) for value in self.kind.columns.values())
        return f"INSERT INTO {table} ({columns}) SELECT {values} FROM generate_series({first}, {last}) n"

    def ask(self, query: str, table: str, bound: str = "") -> str:
        """Milliseconds of the statement, median and the slowest of a hundred."""
        chance, statement = random.Random(7), query.format(table=table, bound=bound)
        keys = [self.kind.key(chance.randrange(self.rows // 2, self.rows)) for _ in range(ASKED)]
        for key in keys[:20]:
            self.run(statement, key)
        took = []
        for key in keys:
            began = time.perf_counter()
            self.run(statement, key)
            took.append((time.perf_counter() - began) * 1000)
        return f"{percentile(took, 0.5):.2f} / {percentile(took, 0.99):.2f} ms"

    def insert(self, table: str) -> str:
        """Rows a second, each with a statement of its own, all in one transaction: what the indexes cost."""
        began = time.perf_counter()
        with self.connection.transaction():
            for number in range(self.rows + 1, self.rows + 1 + INSERTED):
                self.run(self._insert(table, number, number).replace("%%", "%"))
        return f"{INSERTED / (time.perf_counter() - began):,.0f} a second"

    def prune(self) -> str:
        """Delete the oldest month in batches, as Patter does, and clean up behind it."""
        with self._counted() as told:
            condition = f"{self.kind.by} < '{self.starts[1]}'"
            batch = f"SELECT id FROM plain WHERE {condition} ORDER BY id LIMIT {PRUNED_AT_ONCE}"
            while self.connection.execute(f"DELETE FROM plain WHERE id IN ({batch})").rowcount:  # type: ignore[arg-type]
                pass
            self.run("VACUUM plain")
        return told()

    def drop(self) -> str:
        with self._counted() as told:
            self.run("DROP TABLE part_0")
        return told()

    @contextmanager
    def _counted(self) -> Iterator[Callable[[], str]]:
        began, at = time.perf_counter(), self.run("SELECT pg_current_wal_lsn()")[0][0]
        took: list[float] = []
        yield lambda: f"{took[0]:.2f} s, {took[1] / 1e6:,.0f} MB written to the log"
        written = self.run(f"SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '{at}')")[0][0]
        took += [time.perf_counter() - began, float(written)]

    def size(self, table: str) -> str:
        of = "(SELECT inhrelid FROM pg_inherits WHERE inhparent = 'parts'::regclass)"
        which = of if table == "parts" else f"(SELECT '{table}'::regclass)"
        heap, index = self.run(
            f"SELECT sum(pg_table_size(oid)), sum(pg_indexes_size(oid)) FROM pg_class WHERE oid IN {which}"
        )[0]
        return f"{float(heap) / 1e9:.2f} GB + {float(index) / 1e9:.2f} GB of indexes"

    def drop_both(self) -> None:
        self.run("DROP TABLE plain, parts")


def _month(now: datetime, back: int) -> datetime:
    month = now.year * 12 + now.month - 1 - back
    return datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)


def compare(copies: Copies, name: str) -> None:
    began = time.perf_counter()
    copies.fill()
    kind, last = copies.kind, f"AND {copies.kind.by} >= '{copies.starts[-7]}'"
    print(
        f"\n{name}: {copies.rows:,} rows of {len(copies.starts) - 4} months,"
        f" made in {time.perf_counter() - began:.0f} s\n"
    )
    print("| | one table | a table for each month |\n| --- | --- | --- |")
    both = ("plain", "parts")
    rows = {
        "size": [copies.size(table) for table in both],
        "newest 50 of a customer, p50 / p99": [copies.ask(kind.history, table) for table in both],
        "the same, of the last three months": [copies.ask(kind.history, table, last) for table in both],
        "one by its key, p50 / p99": [copies.ask(kind.look_up, table) for table in both],
        "new rows": [copies.insert(table) for table in both],
        "the oldest month goes": [copies.prune(), copies.drop()],
        "size after that": [copies.size(table) for table in both],
    }
    for what, (plain, parts) in rows.items():
        print(f"| {what} | {plain} | {parts} |", flush=True)
    copies.drop_both()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.partitions", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="kind", help=", ".join(KINDS))
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--months", type=int, default=24)
    options = parser.parse_args()
    free = shutil.disk_usage("/").free
    if free < 2 * options.rows * _BYTES_A_ROW:
        raise SystemExit(f"{options.rows:,} rows need {2 * options.rows * _BYTES_A_ROW / 1e9:.0f} GB of free disk.")
    print(machine())
    with postgres_database() as url:
        env = {**os.environ, "DATABASE_URL": url, "REDIS_URL": "", "DEBUG": "1"}
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], env=env, check=True)
        with psycopg.connect(url, autocommit=True) as connection:
            for setting in _QUICK.split("; "):
                connection.execute(setting)  # type: ignore[arg-type]
            for name in options.kinds or KINDS:
                compare(Copies(connection, KINDS[name], options.rows, options.months), name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
