"""The SQL that one webhook costs, recorded from the real path, and replayed by a driver without Django.

So the floor cannot fall behind: it does the very statements, in the very transactions, with new values.
"""

import re
import sqlite3
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import psycopg
from django.db import connection, transaction

from benchmarks.bodies import Webhook, webhook
from customers.models import Customer
from messaging.models import Message
from whatsapp.models import WebhookEvent
from whatsapp.webhook.deliver import deliver

# Values that occur nowhere else, so that a parameter with one of them is known for what it is.
EVENT_ID, MESSAGE_ID, SEQ = 6_000_000_001, 5_000_000_001, 7_000_000_001
_NOT_REPLAYED = ("BEGIN", "COMMIT", "PRAGMA")
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?")


@dataclass(frozen=True)
class Statement:
    """One statement with the parameters it had. `atomic` ones stand together in one transaction."""

    sql: str
    params: tuple[Any, ...]
    atomic: bool


@dataclass(frozen=True)
class Recording:
    """The statements of one webhook, in order."""

    webhook: Webhook
    statements: tuple[Statement, ...]


def record(customer_id: int) -> Recording:
    """Take in one webhook of a known customer, twice (the first warms caches), and return what the second did."""
    _check(deliver(*_posted(webhook(customer_id))))
    _start_ids_at(WebhookEvent, EVENT_ID)
    _start_ids_at(Message, MESSAGE_ID)
    Customer.objects.filter(pk=customer_id).update(last_seq=SEQ - 1)
    statements: list[Statement] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.startswith(_NOT_REPLAYED):
            statements.append(Statement(sql, tuple(params or ()), connection.in_atomic_block))
        return execute(sql, params, many, context)

    recorded = webhook(customer_id)
    with connection.execute_wrapper(note):
        _check(deliver(*_posted(recorded)))
    if not Message.objects.filter(pk=MESSAGE_ID, wamid=recorded.wamid).exists():
        raise RuntimeError("the message did not get the id that the recording relies on")
    return Recording(recorded, tuple(statements))


def _posted(posted: Webhook) -> tuple[bytes, str]:
    return posted.body, posted.signature


def _check(status: int) -> None:
    if status != 200:
        raise RuntimeError(f"the webhook was answered {status}")


def _start_ids_at(model: Any, first: int) -> None:
    table = model._meta.db_table
    with connection.cursor() as cursor, transaction.atomic():
        if connection.vendor == "postgresql":
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s, false)", [table, first])
        else:
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, first - 1])


class Driver(Protocol):
    """A database connection in autocommit, by the driver alone."""

    def execute(self, sql: str, params: Any) -> Any: ...


class Postgres:
    """psycopg as it comes: bound on the server, prepared after five times."""

    begin, parameter = "BEGIN", "%s"

    def __init__(self, settings: dict[str, Any]) -> None:
        wanted = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
        given = {name: settings[key] for name, key in wanted.items() if settings.get(key)}
        self.execute = psycopg.connect(autocommit=True, **given).execute


class SQLite:
    """sqlite3 with the same journal and the same care for the disk."""

    begin, parameter = "BEGIN IMMEDIATE", "?"

    def __init__(self, settings: dict[str, Any]) -> None:
        database = sqlite3.connect(settings["NAME"], isolation_level=None, timeout=20, check_same_thread=False)
        for pragma in settings["OPTIONS"]["init_command"].split(";"):
            database.execute(pragma)
        database.execute("PRAGMA foreign_keys = ON")
        self.execute = database.execute


DRIVERS = {"postgresql": Postgres, "sqlite": SQLite}

Value = Callable[[dict[str, Any]], Any]


class Replay:
    """Stores webhooks by the recorded statements on one connection."""

    def __init__(self, recording: Recording) -> None:
        self.driver = DRIVERS[connection.vendor](connection.settings_dict)
        self.recorded = recording.webhook
        self.steps = [self._step(statement) for statement in recording.statements]

    def store(self, new: Webhook) -> int:
        """Do for `new` what was done for the recorded webhook; return the message's id."""
        execute, now = self.driver.execute, datetime.now(UTC)
        known: dict[str, Any] = {
            "webhook": new,
            "now": now,
            "token": uuid.uuid4().hex,
            "text now": now.replace(tzinfo=None).isoformat(" "),
        }
        within = False
        for atomic, sql, values, answer in self.steps:
            if atomic != within:
                execute(self.driver.begin if atomic else "COMMIT", ())
                within = atomic
            result = execute(sql, [value(known) for value in values])
            if answer:
                row = result.fetchone()
                known[answer] = row[0]
                if answer == "customer":
                    names = [column[0] for column in result.description]
                    known["seq"] = row[names.index("last_seq")] + 1
        if within:
            execute("COMMIT", ())
        message_id: int = known["message"]
        return message_id

    def _step(self, statement: Statement) -> tuple[bool, str, list[Value], str]:
        sql = statement.sql.replace("%s", self.driver.parameter)
        return statement.atomic, sql, [self._value(param) for param in statement.params], _answer(sql)

    def _value(self, param: Any) -> Value:
        """How a parameter follows from the webhook that is stored."""
        ids = {EVENT_ID: "event", MESSAGE_ID: "message", SEQ: "seq"}
        if isinstance(param, int) and param in ids:
            return lambda known, name=ids[param]: known[name]
        if isinstance(param, datetime):
            return lambda known: known["now"]
        if isinstance(param, bytes | memoryview):
            return lambda known: known["webhook"].body
        if param == self.recorded.customer_id:
            return lambda known: known["webhook"].customer_id
        if isinstance(param, str):
            return self._text(param)
        return lambda known: param

    def _text(self, param: str) -> Value:
        if _TIME.fullmatch(param):
            return lambda known: known["text now"]
        if re.fullmatch("[0-9a-f]{32}", param):
            return lambda known: known["token"]
        if param == self.recorded.wa_id:
            return lambda known: known["webhook"].wa_id
        if self.recorded.wamid in param and str(MESSAGE_ID) in param:  # an event's data
            template = param.replace(self.recorded.wamid, "\0").replace(str(MESSAGE_ID), "\1")
            customer = f'"customer": {self.recorded.customer_id}'
            return lambda known: (
                template.replace("\0", known["webhook"].wamid)
                .replace("\1", str(known["message"]))
                .replace(customer, f'"customer": {known["webhook"].customer_id}')
            )
        if param == self.recorded.wamid:
            return lambda known: known["webhook"].wamid
        return lambda known: param


def _answer(sql: str) -> str:
    """What a statement answers with, if anything: the id of a new row, the customer, or something that nobody needs."""
    begin = sql.lstrip().replace('"', "")
    for model, name in ((WebhookEvent, "event"), (Message, "message")):
        if begin.startswith(f"INSERT INTO {model._meta.db_table} "):
            return name
    # Not the writes that are sent together (core/db/together.py).
    if begin.startswith(("SELECT", "WITH known AS")) and "last_seq" in sql:
        return "customer"
    return "something" if begin.startswith("SELECT") or "RETURNING" in sql else ""


def timed(store: Callable[[Webhook], Any], new: list[Webhook]) -> float:
    """Store them one after the other; return how many per second."""
    started = time.perf_counter()
    for each in new:
        store(each)
    return len(new) / (time.perf_counter() - started)
