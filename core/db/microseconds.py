"""Times as whole microseconds since 1970. For reports that count with very many: numbers cost a tenth of datetimes."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import BigIntegerField, Func

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ONE = timedelta(microseconds=1)


def microseconds(at: datetime) -> int:
    """An instant as a number."""
    return (at - _EPOCH) // _ONE


def instant(at: int) -> datetime:
    """The instant of a number."""
    return _EPOCH + at * _ONE


class Microseconds(Func):
    """The same as `microseconds`, of a column, in a query."""

    arity = 1
    output_field = BigIntegerField()

    def get_db_converters(self, connection: Any) -> list[Any]:
        """None: that of any integer costs more than reading the row."""
        return []

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # `2026-01-15 10:30:00.123456`, or without a fraction; strftime would round it to milliseconds.
        sql, params = compiler.compile(self.get_source_expressions()[0])
        seconds, fraction = f"strftime('%%s', substr({sql}, 1, 19))", f"substr({sql}, 21)"
        return f"(CAST({seconds} AS INTEGER) * 1000000 + CAST({fraction} AS INTEGER))", [*params, *params]

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # As a double, which is exact until the year 2106; `extract` would count in numerics.
        template = "round(date_part('epoch', %(expressions)s) * 1000000)::bigint"
        return self.as_sql(compiler, connection, template=template, **context)
