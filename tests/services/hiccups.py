"""Hiccups of the database and of the way to WhatsApp, while messages go out."""

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from tests.graph_double import GraphDouble
from tests.services.gate import Gate
from tests.services.harness import Process, Stack, wait_for
from tests.services.meta import Meta
from tests.services.sending import Desk, accepted_keys, drain_messages, meet, out_of_order, queue_all

_STATUSES = "SELECT status, count(*) FROM messaging_message WHERE direction = 'outbound' GROUP BY status"


@dataclass(frozen=True)
class Hiccup:
    """What became of the messages of one hiccup. From `uncertain` on, 0 is right."""

    messages: int
    uncertain: int
    failed: int
    unsent: int
    doubled: int
    out_of_order: int

    @property
    def flaws(self) -> int:
        return self.uncertain + self.failed + self.unsent + self.doubled + self.out_of_order


@contextmanager
def gated(stack: Stack, graph: GraphDouble) -> Iterator[tuple[Gate | None, Gate]]:
    """Put gates before the database (not before a file) and before WhatsApp, for processes made in the block."""
    with Gate("127.0.0.1", graph.port) as way_out:
        stack.env["WHATSAPP_GRAPH_URL"] = f"http://127.0.0.1:{way_out.port}"
        if stack.database.is_sqlite:
            yield None, way_out
            return
        parts = urlsplit(stack.env["DATABASE_URL"])
        with Gate(parts.hostname or "127.0.0.1", parts.port or 5432) as database:
            yield database, way_out


def behind(database: Gate, url: str) -> str:
    """The URL of a database through its gate."""
    parts = urlsplit(url)
    user = f"{parts.username}{f':{parts.password}' if parts.password else ''}@" if parts.username else ""
    return urlunsplit((parts.scheme, f"{user}127.0.0.1:{database.port}", parts.path, parts.query, ""))


class Drill:
    """A stack whose relay reaches the database through a gate; the web process reaches it directly."""

    def __init__(self, stack: Stack, graph: GraphDouble, database: Gate | None, way_out: Gate, customers: int) -> None:
        self.stack, self.graph, self.database, self.way_out = stack, graph, database, way_out
        self.server = stack.server()
        self.server.start()
        self.sender: Process = self.server
        if database is not None:
            self.sender = stack.relay()
            self.sender.env = {**stack.env, "DATABASE_URL": behind(database, stack.env["DATABASE_URL"])}
            self.sender.start()
        self.desk = Desk(self.server.url, stack.admin_token)
        self.customers = meet(stack, Meta([self.server.url]), customers)
        self._round = 0

    def run(self, messages: int, hiccup: Callable[[], None], *, answer_seconds: float = 0.5) -> Hiccup:
        """Queue messages whose answers take so long, let the hiccup happen meanwhile, and count."""
        before, taken = Counter(dict(self.stack.database.query(_STATUSES))), len(accepted_keys(self.graph))
        self._round += 1
        self.graph.faults.configure({"rate": 1.0, "random": [{"kind": "slow", "seconds": answer_seconds}]})
        queue_all(self.desk, self.customers, messages, prefix=f"hiccup{self._round}-")
        hiccup()
        drain_messages(self.stack, wait_leases=True, seconds=240)
        after = Counter(dict(self.stack.database.query(_STATUSES)))
        keys = accepted_keys(self.graph)[taken:]
        return Hiccup(
            messages=messages,
            uncertain=after["uncertain"] - before["uncertain"],
            failed=after["failed"] - before["failed"],
            unsent=messages - len(set(keys)),
            doubled=len(keys) - len(set(keys)),
            out_of_order=out_of_order(self.stack, self.graph),
        )

    def without_database(self, seconds: float) -> None:
        """No connection to the database for so long, in the middle of the sends. SQLite: somebody else writes."""
        self.under_way()
        if self.database is None:
            return self._locked(seconds)
        self.database.shut()
        time.sleep(seconds)
        self.database.open()

    def frozen_database(self, seconds: float) -> None:
        """The database says nothing for so long."""
        self.under_way()
        if self.database is None:
            return self._locked(seconds)
        self.database.pause()
        time.sleep(seconds)
        self.database.resume()

    def restarts(self, times: int) -> None:
        """All connections to the database are lost, again and again."""
        self.under_way()
        assert self.database is not None
        for _ in range(times):
            self.database.cut()
            time.sleep(0.3)

    def dies_without_database(self) -> None:
        """The sender is killed when it knows outcomes that the database has not, and starts before that is back."""
        self.under_way()
        assert self.database is not None
        self.database.shut()
        time.sleep(2.0)  # all answers are here
        self.sender.kill()
        self.sender.launch()
        time.sleep(2.0)
        self.database.open()

    def under_way(self) -> None:
        """Wait until messages are being sent."""
        sending = "SELECT count(*) FROM messaging_message WHERE status = 'sending'"
        wait_for("sends to be under way", lambda: self.stack.database.value(sending) > 0, 30, 0.01)

    def _locked(self, seconds: float) -> None:
        writer = sqlite3.connect(self.stack.database.url.removeprefix("sqlite:///"), timeout=30, isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        writer.execute("ROLLBACK")
        writer.close()
