"""Pages of lists: by number, or by cursor for lists that keep growing."""

import base64
import binascii
from collections.abc import Callable, Sequence
from copy import copy
from datetime import datetime
from inspect import signature
from typing import Any

from django.db.models import Q, QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.pagination import BasePagination, PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param
from rest_framework.views import APIView

from core.db.compiled import Compiled, Param
from core.filters import MAX_ID

MAX_PAGE_SIZE = 100
DEFAULT_PAGE_SIZE = 20


class PageNumberPages(PageNumberPagination):
    """`?page=` and `?page_size=`, answered as `{count, next, previous, results}`."""

    page_size = DEFAULT_PAGE_SIZE
    page_size_query_param = "page_size"
    max_page_size = MAX_PAGE_SIZE


def _page_size(request: Request) -> int:
    try:
        wanted = int(request.query_params.get("page_size", DEFAULT_PAGE_SIZE))
    except ValueError:
        return DEFAULT_PAGE_SIZE
    return min(wanted, MAX_PAGE_SIZE) if wanted > 0 else DEFAULT_PAGE_SIZE


class KeysetPages(BasePagination):
    """`?cursor=` and `?page_size=`, newest first, answered as `{next, previous, results}`.

    A cursor names a row by time and id, and a direction. So every page takes the same time however far down the list it
    is, and new rows do not shift it. Rows are dicts or objects with `time_field` and `id`.
    """

    time_field = "ordered_at"

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        self.request = request
        size = _page_size(request)
        cursor = request.query_params.get("cursor")
        direction, at, pk = self._decode(cursor) if cursor else ("older", None, 0)
        newer = direction == "newer"
        if isinstance(queryset, KeysetQuery):
            rows = queryset.rows(at, pk, newer=newer, limit=size + 1)
        else:
            rows = list(_keyset(queryset, self.time_field, at, pk, newer=newer)[: size + 1])
        more = len(rows) > size
        rows = rows[:size]
        if newer:
            rows.reverse()
        self._next = self._link("older", rows[-1]) if rows and (more or newer) else None
        self._previous = self._link("newer", rows[0]) if rows and (more if newer else at is not None) else None
        return rows

    def get_paginated_response(self, data: Sequence[Any]) -> Response:
        return Response({"next": self._next, "previous": self._previous, "results": data})

    def _link(self, direction: str, row: Any) -> str:
        at, pk = (row[self.time_field], row["id"]) if isinstance(row, dict) else (getattr(row, self.time_field), row.pk)
        token = base64.urlsafe_b64encode(f"{direction}|{at.isoformat()}|{pk}".encode()).decode().rstrip("=")
        url = remove_query_param(self.request.build_absolute_uri(), "cursor")
        link: str = replace_query_param(url, "cursor", token)
        return link

    def _decode(self, cursor: str) -> tuple[str, datetime, int]:
        try:
            text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
            direction, at, pk = text.split("|")
            when = datetime.fromisoformat(at)
            if direction not in ("older", "newer") or when.tzinfo is None or not 0 <= int(pk) <= MAX_ID:
                raise ValueError(cursor)
            return direction, when, int(pk)
        except (ValueError, binascii.Error):
            raise NotFound("Invalid cursor.")


class KeysetQuery:
    """Rows for KeysetPages that are compiled once (core/db/compiled.py): `KeysetQuery(declare)` of a queryset.

    `bind` gives the rows of certain values of its parameters.
    """

    def __init__(self, declare: Callable[..., QuerySet[Any]], time_field: str = KeysetPages.time_field) -> None:
        own = [Param(name) for name in signature(declare).parameters]

        def newest(**given: Any) -> QuerySet[Any]:
            return _keyset(declare(**given), time_field)

        def older(at: Any, pk: Any, **given: Any) -> QuerySet[Any]:
            return _keyset(declare(**given), time_field, at, pk)

        def newer(at: Any, pk: Any, **given: Any) -> QuerySet[Any]:
            return _keyset(declare(**given), time_field, at, pk, newer=True)

        self._queries = [Compiled(query, window=True, params=own) for query in (newest, older, newer)]
        self._values: dict[str, Any] = {}

    def bind(self, **values: Any) -> "KeysetQuery":
        bound = copy(self)
        bound._values = values
        return bound

    def rows(self, at: datetime | None, pk: int, *, newer: bool, limit: int) -> list[Any]:
        """The `limit` rows next to the one with this time and id, or the newest."""
        if at is None:
            return self._queries[0](limit=limit, offset=0, **self._values)
        return self._queries[1 + newer](at=at, pk=pk, limit=limit, offset=0, **self._values)


def _keyset(rows: QuerySet[Any], time_field: str, at: Any = None, pk: Any = 0, *, newer: bool = False) -> QuerySet[Any]:
    """The rows on one side of a place in time, those next to it first."""
    if at is not None:
        side = "gt" if newer else "lt"
        # The first condition lets the index find the start, the second handles rows with the same time.
        rows = rows.filter(
            Q(**{f"{time_field}__{side}e": at}) & (Q(**{f"{time_field}__{side}": at}) | Q(**{f"id__{side}": pk}))
        )
    return rows.order_by(*((time_field, "id") if newer else (f"-{time_field}", "-id")))
