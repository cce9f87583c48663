"""Pages of lists: by number, or by cursor for lists that keep growing."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q
from rest_framework.exceptions import NotFound
from rest_framework.pagination import BasePagination, PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param
from rest_framework.views import APIView

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
        if at is not None:
            queryset = queryset.filter(self._beyond(at, pk, newer))
        order = (self.time_field, "id") if newer else (f"-{self.time_field}", "-id")
        rows = list(queryset.order_by(*order)[: size + 1])
        more = len(rows) > size
        rows = rows[:size]
        if newer:
            rows.reverse()
        self._next = self._link("older", rows[-1]) if rows and (more or newer) else None
        self._previous = self._link("newer", rows[0]) if rows and (more if newer else at is not None) else None
        return rows

    def get_paginated_response(self, data: Sequence[Any]) -> Response:
        return Response({"next": self._next, "previous": self._previous, "results": data})

    def _beyond(self, at: datetime, pk: int, newer: bool) -> Q:
        side = "gt" if newer else "lt"
        # The first condition lets the index find the start, the second handles rows with the same time.
        return Q(**{f"{self.time_field}__{side}e": at}) & (
            Q(**{f"{self.time_field}__{side}": at}) | Q(**{f"id__{side}": pk})
        )

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
