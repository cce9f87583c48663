"""Rows on one side of a place in time: what pages by cursor are made of (KeysetPages in core/pagination.py)."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from inspect import signature
from typing import Any

from django.db.models import Q, QuerySet

from core.db.compiled import Compiled, Param

# The place in time of messages, which most of such lists are of.
TIME_FIELD = "ordered_at"

# What makes of a declaration what runs with the values of its parameters.
_Kind = Callable[..., Callable[..., list[Any]]]


def keyset(rows: QuerySet[Any], time_field: str, at: Any = None, pk: Any = 0, *, newer: bool = False) -> QuerySet[Any]:
    """The rows on one side of a place in time, those next to it first."""
    if at is not None:
        side = "gt" if newer else "lt"
        # The first condition lets the index find the start, the second handles rows with the same time.
        rows = rows.filter(
            Q(**{f"{time_field}__{side}e": at}) & (Q(**{f"{time_field}__{side}": at}) | Q(**{f"id__{side}": pk}))
        )
    return rows.order_by(*((time_field, "id") if newer else (f"-{time_field}", "-id")))


class KeysetRows(ABC):
    """Rows for KeysetPages that are found in another way than a queryset finds them."""

    @abstractmethod
    def rows(self, at: datetime | None, pk: int, *, newer: bool, limit: int) -> list[Any]:
        """The `limit` rows next to the one with this time and id, or the newest."""

    @abstractmethod
    def one(self, pk: int) -> Any | None:
        """The row with this id, if it is one of them."""


@dataclass(frozen=True)
class OfQueryset(KeysetRows):
    """The rows of a queryset."""

    queryset: QuerySet[Any]
    time_field: str

    def rows(self, at: datetime | None, pk: int, *, newer: bool, limit: int) -> list[Any]:
        return list(keyset(self.queryset, self.time_field, at, pk, newer=newer)[:limit])

    def one(self, pk: int) -> Any | None:
        return self.queryset.filter(pk=pk).first()


class KeysetQuery(KeysetRows):
    """Rows for KeysetPages that are compiled once (core/db/compiled.py): `KeysetQuery(declare)` of a queryset.

    `bind` gives the rows of certain values of its parameters. `kind` is what compiles them; DeskQuery of
    customers/visibility.py does it for each kind of `user`.
    """

    def __init__(
        self, declare: Callable[..., QuerySet[Any]], time_field: str = TIME_FIELD, *, kind: _Kind = Compiled
    ) -> None:
        own = [Param(name) for name in signature(declare).parameters]

        def newest(**given: Any) -> QuerySet[Any]:
            return keyset(declare(**given), time_field)

        def older(at: Any, pk: Any, **given: Any) -> QuerySet[Any]:
            return keyset(declare(**given), time_field, at, pk)

        def newer(at: Any, pk: Any, **given: Any) -> QuerySet[Any]:
            return keyset(declare(**given), time_field, at, pk, newer=True)

        self._declare = declare
        self._queries = [kind(query, window=True, params=own) for query in (newest, older, newer)]
        self._values: dict[str, Any] = {}

    def bind(self, **values: Any) -> "KeysetQuery":
        bound = copy(self)
        bound._values = values
        return bound

    def rows(self, at: datetime | None, pk: int, *, newer: bool, limit: int) -> list[Any]:
        if at is None:
            return self._queries[0](limit=limit, offset=0, **self._values)
        return self._queries[1 + newer](at=at, pk=pk, limit=limit, offset=0, **self._values)

    def one(self, pk: int) -> Any | None:
        return self._declare(**self._values).filter(pk=pk).first()
