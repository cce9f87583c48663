"""A PgBouncer of our own in transaction mode, in front of the tests' PostgreSQL, and what is asked through it."""

import os
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from tests.services.harness import Process, Stack, free_port, listens, wait_for
from tests.services.ingest import drain_webhooks, stored
from tests.services.meta import Meta, body_of, phones, text_message
from tests.services.sending import Desk, meet

# Fewer sessions than processes have threads: each transaction gets another one.
POOL = 4


class PgBouncer(Process):
    """The pooler, which takes anybody from this machine."""

    def __init__(self, url: str, root: Path) -> None:
        self.port = free_port()
        server = urlsplit(url)
        config = root / "pgbouncer.ini"
        host = server.hostname or "/var/run/postgresql"
        login = f" user={server.username or 'postgres'}" + (f" password={server.password}" if server.password else "")
        config.write_text(
            f"[databases]\n* = host={host} port={server.port or 5432}{login}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\nauth_type = any\n"
            f"pool_mode = transaction\ndefault_pool_size = {POOL}\nmax_client_conn = 200\n"
        )
        argv = ["pgbouncer", str(config)]
        if os.getuid() == 0:  # it refuses to run as root
            for folder in (root, *root.parents):
                if os.stat(folder).st_uid == 0 and folder != folder.parent:
                    folder.chmod(folder.stat().st_mode | 0o055)
            argv[1:1] = ["--user", "nobody"]
        super().__init__(argv, dict(os.environ), root / "pgbouncer.log")

    def ready(self) -> bool:
        return listens(self.port)

    def url_of(self, url: str) -> str:
        """The URL of a database, through the pooler."""
        parts = urlsplit(url)
        return urlunsplit(parts._replace(netloc=f"postgres@127.0.0.1:{self.port}"))


def put_between(stack: Stack) -> PgBouncer:
    """Start a pooler, and let the processes of the stack, which are not started yet, reach PostgreSQL through it."""
    pooler = PgBouncer(stack.database.url, stack.root)
    stack.processes.append(pooler)
    pooler.start()
    stack.env.update(DATABASE_URL=pooler.url_of(stack.database.url), DATABASE_POOLER="transaction")
    return pooler


@dataclass
class Through:
    """What came through the pooler. Everything in `wrong` is a failure."""

    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def ask(stack: Stack, *, webhooks: int, sends: int, exports: int, customers: int) -> Through:
    """Webhooks, sends and exports at once through the pooler, and then a look at what is there."""
    server, _ = stack.start()
    meta, desk, through = Meta([server.url], threads=8), Desk(server.url, stack.admin_token), Through()
    met = meet(stack, meta, min(customers, 12))
    fill(stack, customers - len(met))
    meta.answers.clear()
    wamids = [f"wamid.POOL{number}" for number in range(webhooks)]
    bodies = [body_of(messages=[text_message(phones(12)[n % 12], wamid)]) for n, wamid in enumerate(wamids)]

    def send(number: int) -> None:
        body = {"customer": met[number % len(met)], "type": "text", "text": "hello", "client_id": f"pool{number}"}
        through.answers[f"send {desk.call('POST', '/api/messages/', json=body).status_code}"] += 1

    def export(number: int) -> None:
        answer = desk.call("GET", "/api/customers/customers/export/")
        through.answers[f"export {answer.status_code}"] += 1
        lines = len(answer.text.splitlines())
        if lines != customers + 1:
            through.wrong.append(f"an export of {customers} customers has {lines} lines")

    with ThreadPoolExecutor(3) as pool:
        work: Iterable[tuple[Callable[..., Any], Iterable[Any]]] = (
            (meta.post_all, [bodies]),
            (lambda numbers: _each(send, numbers), [range(sends)]),
            (lambda numbers: _each(export, numbers), [range(exports)]),
        )
        for done in [pool.submit(task, *arguments) for task, arguments in work]:
            done.result()
    through.answers.update({f"webhook {answer}": count for answer, count in meta.answers.items()})
    drain_webhooks(stack)
    sent = "SELECT count(*) FROM messaging_message WHERE direction = 'outbound' AND status = 'sent'"
    wait_for("messages to be sent", lambda: stack.database.value(sent) == sends, 60)
    expected = {"webhook 200": webhooks, "send 201": sends, "export 200": exports}
    through.wrong += [f"{what}: {n}" for what, n in through.answers.items() if expected.get(what) != n]
    if missing := set(wamids) - stored(stack.database):
        through.wrong.append(f"{len(missing)} messages are missing")
    return through


def _each(work: Callable[[int], None], numbers: Iterable[int]) -> None:
    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(work, number) for number in numbers]:
            done.result()


def fill(stack: Stack, customers: int) -> None:
    """Customers for the exports, made in the database: more than one part of an export."""
    columns = stack.database.query(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'customers_customer' "
        "AND is_generated = 'NEVER' AND column_name NOT IN ('id', 'phone')"
    )
    names = ", ".join(f'"{name}"' for (name,) in columns)
    stack.database.query(
        f"INSERT INTO customers_customer ({names}) SELECT {names} FROM "
        "(SELECT * FROM customers_customer ORDER BY id LIMIT 1) one, generate_series(1, %s)",
        customers,
    )
