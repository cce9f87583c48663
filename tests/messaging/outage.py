"""A database that is away for single statements, as a restart or a lost connection makes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection

# What Django says around a block of its own; the database would have rolled back by itself.
_OF_DJANGO = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")


class Outage:
    """Counts statements. The one with the number `at` (from 0) and the `lasting` after it get no answer."""

    def __init__(self, at: int, *, lasting: int = 0, carried_out: bool = False) -> None:
        """`carried_out`: the database does what it is asked, and the answer is lost."""
        self.at, self.until, self.carried_out = at, at + lasting, carried_out
        self.seen = 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(_OF_DJANGO):
            return execute(sql, params, many, context)
        number, self.seen = self.seen, self.seen + 1
        if not self.at <= number <= self.until:
            return execute(sql, params, many, context)
        if self.carried_out:
            execute(sql, params, many, context)
        raise OperationalError("the connection was lost")

    @property
    def struck(self) -> bool:
        return self.seen > self.at


@contextmanager
def database_away(at: int = 0, *, lasting: int = 10**6, carried_out: bool = False) -> Iterator[Outage]:
    """Let statements get no answer; without arguments, all of them."""
    outage = Outage(at, lasting=lasting, carried_out=carried_out)
    with connection.execute_wrapper(outage):
        yield outage
