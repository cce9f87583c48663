"""Querysets that are compiled once: declared in the ORM, run as prepared statements.

Building and compiling a queryset takes Django longer than PostgreSQL takes to answer it, and the text is the same each
time. Declare such a query as a function of its parameters:

    _LIVE = Compiled(lambda sid, now: Session.objects.live(now).select_related("user").filter(pk=sid))
    session = _LIVE.first(sid=claims.sid, now=timezone.now())

The declaration stays the one truth: `_LIVE.queryset(sid=..., now=...)` is the ordinary queryset, and
tests/core/test_compiled.py compares the rows of both for every such query. A parameter may stand wherever the ORM takes
an expression. A list of ids is one parameter with the lookup `any`: `filter(customer__any=ids)`.
"""

import inspect
import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import psycopg
from django.db import connection
from django.db.models import Expression, Field, ForeignKey, JSONField, Lookup, Model, QuerySet
from django.db.models.query import ModelIterable, get_related_populators
from django.utils.functional import cached_property

_PLACEHOLDER = re.compile("%%|%s")
_EMPTIES: dict[str | None, Callable[[], Any]] = {"{}": dict, "[]": list, None: lambda: None}


def prepared_cursor() -> Any:
    """Return a cursor for a `with` block, like `connection.cursor()`. On PostgreSQL it prepares what runs often.

    Django puts the parameters into the text of a statement, so PostgreSQL parses and plans a new one each time. Use it
    for hand-written statements that find one row by its key (decision 005): the best plan of others may depend on
    their parameters. How often is often is set by `prepare_threshold` in the OPTIONS of the database.
    """
    on_postgresql: Any = connection
    return on_postgresql.prepared_cursor() if connection.vendor == "postgresql" else connection.cursor()


class Param(Expression):
    """The place of a value that is given when the query runs.

    A subclass may have more of what the declaration asks the value for (customers/visibility.py).
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]


@Field.register_lookup
@ForeignKey.register_lookup
class InArray(Lookup):
    """`column = ANY(list)`: one text for lists of any length, where `IN` makes another one for each length."""

    lookup_name = "any"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        column, before = self.process_lhs(compiler, connection)
        values, after = self.process_rhs(compiler, connection)
        if connection.vendor == "postgresql":
            return f"{column} = ANY({values})", [*before, *after]
        return f"{column} IN (SELECT value FROM json_each({values}))", [*before, *map(_adapted, after)]


class Insert:
    """The INSERT of one row of a model. Its text is made once for each set of columns that are given.

    Other columns get the default of their field, or the words of another one, as in `objects.create`; no signals are
    sent. `on_conflict` is SQL that both databases know.
    """

    def __init__(self, model: type[Model], on_conflict: str = "") -> None:
        self.model, self.on_conflict = model, on_conflict
        self._texts: dict[tuple[str, ...], tuple[str, list[Field[Any, Any]]]] = {}

    def __call__(self, row: Model | dict[str, Any]) -> int | None:
        """Insert a row, an instance or its columns, and return its id; None if a conflict kept it out."""
        sql, values = self.write(row)
        with prepared_cursor() as cursor:
            cursor.execute(f"{sql} RETURNING {self._key}", values)
            answer = cursor.fetchone()
        return None if answer is None else int(answer[0])

    def write(self, row: Model | dict[str, Any]) -> tuple[str, list[Any]]:
        """The INSERT of a row whose id nobody needs, for `write_together` (core/db/together.py)."""
        columns = row if isinstance(row, dict) else self._columns_of(row)
        given = tuple(columns)
        if given not in self._texts:
            self._texts[given] = self._written(columns)
        sql, fields = self._texts[given]
        return sql, [field.get_db_prep_save(_value(field, columns), connection) for field in fields]

    def save(self, row: Model) -> bool:
        """Insert an instance, which gets its id; False if a conflict kept it out."""
        row.pk = self(row)
        row._state.adding, row._state.db = row.pk is None, connection.alias
        return row.pk is not None

    def _written(self, columns: dict[str, Any]) -> tuple[str, list["Field[Any, Any]"]]:
        """The text, and the fields whose values it takes: those given, and those for which the database has none."""
        meta: Any = self.model._meta
        quote = connection.ops.quote_name
        fields = [field for field in self._fields() if field.attname in columns or _has_default(field)]
        if unknown := columns.keys() - {field.attname for field in fields}:
            raise ValueError(f"{meta.label} has no columns {', '.join(sorted(unknown))}")
        names = ", ".join(quote(str(field.column)) for field in fields)
        places = ", ".join(["%s"] * len(fields))
        text = f"INSERT INTO {quote(meta.db_table)} ({names}) VALUES ({places})"
        return f"{text} {self.on_conflict}", fields

    @cached_property
    def _key(self) -> str:
        meta: Any = self.model._meta
        return connection.ops.quote_name(meta.pk.column)

    def _columns_of(self, row: Model) -> dict[str, Any]:
        return {field.attname: field.pre_save(row, True) for field in self._fields() if not field.primary_key}

    def _fields(self) -> list["Field[Any, Any]"]:
        return [field for field in self.model._meta.concrete_fields if not field.generated]


def _has_default(field: "Field[Any, Any]") -> bool:
    return hasattr(field, "from_columns") or (not field.primary_key and (field.has_default() or not field.null))


def _value(field: "Field[Any, Any]", columns: dict[str, Any]) -> Any:
    if field.attname in columns:
        return columns[field.attname]
    # Such as WordsField in core/db/words.py.
    from_columns = getattr(field, "from_columns", None)
    return from_columns(columns) if from_columns else field.get_default()


class Compiled:
    """A queryset as a function of named parameters, compiled when it is first used.

    Gives what the queryset gives: instances, or dicts after `values()`. With `window` the query also takes `limit` and
    `offset`. `params` has the names of the parameters if the signature does not, and other places than a plain Param.
    """

    everyone: ClassVar[list["Compiled"]] = []

    def __init__(
        self,
        declare: Callable[..., QuerySet[Any]],
        *,
        window: bool = False,
        params: Iterable[Param] = (),
    ) -> None:
        self.queryset, self.window = declare, window
        named = [one for one in inspect.signature(declare).parameters.values() if one.kind != one.VAR_KEYWORD]
        self.params = {one.name: Param(one.name) for one in named} | {param.name: param for param in params}
        self.where = f"{declare.__module__}:{declare.__code__.co_firstlineno}"
        self.everyone.append(self)

    def __call__(self, **values: Any) -> list[Any]:
        """Run the query with a value for each of its parameters."""
        sql, given, read = self._compiled
        with prepared_cursor() as cursor:
            cursor.execute(sql, _bound(given, values))
            rows = cursor.fetchall()
        return list(read(rows))

    def first(self, **values: Any) -> Any | None:
        """The first row, or None."""
        return next(iter(self(**values)), None)

    def count(self, **values: Any) -> int:
        """How many rows the query has, without fetching them."""
        sql, given, _ = self._compiled
        with prepared_cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM ({sql}) AS counted", _bound(given, values))
            return int(cursor.fetchone()[0])

    def estimate(self, **values: Any) -> int:
        """About how many rows the query has, as PostgreSQL plans with. Only there."""
        sql, given, _ = self._compiled
        with prepared_cursor() as cursor:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", _bound(given, values))
            return int(cursor.fetchone()[0][0]["Plan"]["Plan Rows"])

    @cached_property
    def _compiled(self) -> tuple[str, list[Any], Callable[[list[Any]], Iterable[Any]]]:
        """The text, its parameters in order, and what makes of its rows those of the queryset."""
        queryset = self.queryset(**self.params)
        compiler: Any = queryset.query.get_compiler(connection=connection)
        sql, given = compiler.as_sql()
        if self.window:
            sql, given = f"{sql} LIMIT %s OFFSET %s", [*given, Param("limit"), Param("offset")]
        read = _objects(compiler) if queryset._iterable_class is ModelIterable else _dicts(compiler)
        return *_with_constants(sql, list(given)), read


def _with_constants(sql: str, given: list[Any]) -> tuple[str, list[Any]]:
    """Write what is the same each time into the text: PostgreSQL cannot tell the type of some of it, as in LEFT()."""
    if connection.vendor != "postgresql":
        return sql, given
    left: list[Any] = []
    rest = iter(given)

    def written(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return found[0]
        value = next(rest)
        if isinstance(value, Param):
            left.append(value)
            return "%s"
        return psycopg.sql.Literal(value).as_string(connection.connection).replace("%", "%%")

    return _PLACEHOLDER.sub(written, sql), left


def _bound(given: list[Any], values: dict[str, Any]) -> list[Any]:
    return [_adapted(values[one.name]) if isinstance(one, Param) else one for one in given]


def _adapted(value: Any) -> Any:
    """A value as the database's driver takes it."""
    if connection.vendor == "postgresql":
        return value
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, UUID):
        return value.hex
    return json.dumps(value) if isinstance(value, list) else value


def _dicts(compiler: Any) -> Callable[[list[Any]], Iterable[dict[str, Any]]]:
    query = compiler.query
    names = [*query.values_select, *query.annotation_select]
    convert = _converting(compiler)
    return lambda rows: (dict(zip(names, row, strict=True)) for row in convert(rows))


def _converting(compiler: Any) -> Callable[[list[Any]], Iterable[Any]]:
    """As SQLCompiler.results_iter does, but it looks for the converters only once."""
    converters = {
        position: ([_empties_first(convert) for convert in functions], expression)
        for position, (functions, expression) in compiler.get_converters([one[0] for one in compiler.select]).items()
    }
    return lambda rows: compiler.apply_converters(rows, converters) if converters else rows


def _empties_first(convert: Callable[..., Any]) -> Callable[..., Any]:
    """What reads a JSON column, without a parser for what most rows have there: a page of messages has 200 of them."""
    if getattr(convert, "__func__", None) is not JSONField.from_db_value:
        return convert

    def read(value: str | None, expression: Any, connection: Any) -> Any:
        make = _EMPTIES.get(value)
        return convert(value, expression, connection) if make is None else make()

    return read


def _objects(compiler: Any) -> Callable[[list[Any]], Iterable[Any]]:
    """As Django's ModelIterable does."""
    info, alias = compiler.klass_info, connection.alias
    start, end = info["select_fields"][0], info["select_fields"][-1] + 1
    names = [column[0].target.attname for column in compiler.select[start:end]]
    related = get_related_populators(info, compiler.select, alias)  # type: ignore[call-arg]  # of a newer Django
    convert = _converting(compiler)

    def read(rows: list[Any]) -> Iterable[Any]:
        for row in convert(rows):
            found = info["model"].from_db(alias, names, row[start:end])
            for populator in related:
                populator.populate(row, found)
            for name, position in compiler.annotation_col_map.items():
                setattr(found, name, row[position])
            yield found

    return read
