"""Pages of lists: by number, or by cursor for lists that keep growing."""

import base64
import binascii
import json
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlencode

from django.core.paginator import EmptyPage, Page, Paginator
from django.db import connection
from django.db.models import QuerySet
from django.utils.functional import cached_property
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import BasePagination, PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import shapes
from core.filters import MAX_ID, whole_number
from core.keysets import TIME_FIELD, KeysetRows, OfQueryset

MAX_PAGE_SIZE = 100
COUNTED_EXACTLY = 10_000
# Higher numbers would ask for rows beyond any id.
_LAST_PAGE = 10**9
DEFAULT_PAGE_SIZE = 20
AROUND = "around"


class Pages:
    """Rows in pages: what a paginator asks of them. Subclasses may do it in another way than a queryset does."""

    # From this row on, ids are found first: skipped rows would be read whole, and joined, only to be left out.
    DEEP = 500
    # So many are counted before PostgreSQL is asked how many there may be. If it says FAR times as many as are to be
    # counted, counting goes no further: joined to their customers, 10,000 rows take longer than a page.
    SOON = 1_000
    FAR: float = 1.5
    # Whether counting all of them is as quick as a page.
    quickly_counted = False

    def __init__(self, rows: QuerySet[Any], *, keys: QuerySet[Any] | None = None) -> None:
        """`keys` are the same rows without what is joined only to be shown."""
        self.rows = rows
        self.keys = rows if keys is None else keys
        # How many there are, once they were counted exactly.
        self.total: int | None = None

    def count(self, *, at_most: int | None = None) -> int:
        """How many rows there are. With `at_most`, counting ends there, or sooner if there are surely more."""
        rows = self.keys.order_by()
        if at_most is None:
            return rows.count()
        if at_most > self.SOON and connection.vendor == "postgresql":
            if (found := self._counted_soon()) < self.SOON:
                return found
            if self.estimate() >= at_most * self.FAR:
                return at_most
        return rows[:at_most].count()

    def _counted_soon(self) -> int:
        """How many rows there are, up to SOON."""
        return self.keys.order_by()[: self.SOON].count()

    def estimate(self) -> int:
        """About how many rows there are, as PostgreSQL plans with."""
        return self._estimate

    @cached_property
    def _estimate(self) -> int:
        return estimate(self.keys.order_by().values("pk"))

    def __getitem__(self, part: slice) -> list[Any]:
        if part.start < self.DEEP:
            return list(self.rows[part])
        behind = self._behind(part)
        if behind is not None and behind.start < self.DEEP:
            return list(self.rows.reverse()[behind])[::-1]
        ids = self.ids(part)
        found = {_id_of(row): row for row in self.rows.order_by().filter(pk__in=ids)}
        return [found[pk] for pk in ids if pk in found]

    @property
    def far_keys(self) -> QuerySet[Any]:
        """What the ids of rows far down are found among."""
        return self.keys

    def ids(self, part: slice) -> list[Any]:
        """The ids of these rows, found from whichever end of the list is nearer."""
        ids = self.far_keys.values_list("pk", flat=True)
        behind = self._behind(part)
        if behind is None or part.start <= behind.start:
            return list(ids[part])
        return list(ids.reverse()[behind])[::-1]

    def _behind(self, part: slice) -> slice | None:
        """Where these rows are, counted from the end, if it is known how many there are."""
        return None if self.total is None else slice(max(self.total - part.stop, 0), self.total - part.start)


class FilteredPages(Pages):
    """Pages of the rows that filters left over.

    Their ids are read first, in no order, which an index can do without the table. A few are then all that is sorted:
    without this, an order and a filter that hardly any row passes would read the table from one end to the other.
    """

    FEW = 1_000

    def count(self, *, at_most: int | None = None) -> int:
        return super().count(at_most=at_most) if self._few is None else len(self._few)

    def _counted_soon(self) -> int:
        return self.SOON  # there are more than FEW

    def __getitem__(self, part: slice) -> list[Any]:
        return super().__getitem__(part) if self._few is None else list(self.rows.filter(pk__in=self._few)[part])

    @cached_property
    def _few(self) -> list[Any] | None:
        ids = list(self.keys.order_by().values_list("pk", flat=True)[: self.FEW + 1])
        return ids if len(ids) <= self.FEW else None


def estimate(rows: QuerySet[Any]) -> int:
    """About how many rows there are, as PostgreSQL plans with. Only there."""
    return int(json.loads(rows.explain(format="json"))[0]["Plan"]["Plan Rows"])


def _id_of(row: Any) -> Any:
    return row["id"] if isinstance(row, dict) else row.pk


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # it takes none when it runs
    """Counts exactly up to COUNTED_EXACTLY rows. More are estimated, unless `exact` asks for the truth.

    Counting 200,000 rows takes longer than finding a page of them. SQLite has no estimates, and always counts.
    """

    def __init__(self, rows: Any, per_page: int, *, exact: bool) -> None:
        self.pages = rows if isinstance(rows, Pages) else Pages(rows)
        super().__init__(self.pages, per_page)  # type: ignore[arg-type]  # it needs no more than Pages has
        self.is_exact = exact or self.pages.quickly_counted or connection.vendor != "postgresql"

    @cached_property
    def count(self) -> int:
        """How many rows there are; about so many unless `is_exact`."""
        if self.is_exact:
            self.pages.total = self.pages.count()
            return self.pages.total
        found = self.pages.count(at_most=COUNTED_EXACTLY + 1)
        self.is_exact = found <= COUNTED_EXACTLY
        return found if self.is_exact else max(found, self.pages.estimate())

    def page(self, number: Any) -> "Page[Any]":
        """A page. Raises EmptyPage behind the last one, whatever the estimate says."""
        try:
            number = self.validate_number(number)
        except EmptyPage:
            number = int(number)
            if self.is_exact or not 0 < number <= _LAST_PAGE:
                raise
        if self.is_exact:
            return super().page(number)
        start = (number - 1) * self.per_page
        rows = self.pages[start : start + self.per_page + 1]
        if not rows:
            raise EmptyPage(self.error_messages["no_results"])
        end = start + self.per_page
        # A row that goes while its page is read leaves a gap, which is not the end.
        more = len(rows) > self.per_page or bool(self.pages[end : end + 1])
        # The last page knows how many there are; any other one, that there are more.
        self.is_exact = not more
        self.count = max(end + 1, self.count) if more else start + len(rows)
        self.__dict__.pop("num_pages", None)  # Django keeps what follows from the count
        return Page(rows[: self.per_page], number, self)


class PageNumberPages(PageNumberPagination):
    """`?page=` and `?page_size=`, answered as `{count, next, previous, results}`.

    Beyond COUNTED_EXACTLY rows `count` may be an estimate; then `count_is_exact` is false. `?count=exact` asks for the
    truth.
    """

    shape = shapes.Page
    page_size = DEFAULT_PAGE_SIZE
    page_size_query_param = "page_size"
    max_page_size = MAX_PAGE_SIZE

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any] | None:
        wanted = request.query_params.get("count")
        if wanted not in (None, "exact"):
            raise ValidationError({"count": ["Must be exact, or left out."]})
        exact = wanted is not None or request.query_params.get("page") in self.last_page_strings
        self.django_paginator_class = partial(BoundedPaginator, exact=exact)  # type: ignore[assignment]
        return super().paginate_queryset(queryset, request, view)

    def get_paginated_response(self, data: Any) -> Response:
        response = super().get_paginated_response(data)
        page: Any = self.page
        if not page.paginator.is_exact:
            response.data = {"count": response.data.pop("count"), "count_is_exact": False, **response.data}
        return response


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

    shape = shapes.CursorPage
    time_field = TIME_FIELD

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        self.request = request
        size = _page_size(request)
        cursor = request.query_params.get("cursor")
        direction, at, pk = self._decode(cursor) if cursor else ("older", None, 0)
        newer = direction == "newer"
        rows = self._rows(queryset).rows(at, pk, newer=newer, limit=size + 1)
        more = len(rows) > size
        rows = rows[:size]
        if newer:
            rows.reverse()
        self._next = self._link("older", rows[-1]) if rows and (more or newer) else None
        self._previous = self._link("newer", rows[0]) if rows and (more if newer else at is not None) else None
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response(shapes.CursorPage(next=self._next, previous=self._previous, results=data))

    def _rows(self, queryset: Any) -> KeysetRows:
        return queryset if isinstance(queryset, KeysetRows) else OfQueryset(queryset, self.time_field)

    def _place(self, row: Any) -> tuple[datetime, int]:
        return (row[self.time_field], row["id"]) if isinstance(row, dict) else (getattr(row, self.time_field), row.pk)

    def _link(self, direction: str, row: Any) -> str:
        at, pk = self._place(row)
        token = base64.urlsafe_b64encode(f"{direction}|{at.isoformat()}|{pk}".encode()).decode().rstrip("=")
        url, _, query = self.request.build_absolute_uri().partition("?")
        given = parse_qs(query, keep_blank_values=True)
        given.pop(AROUND, None)
        return f"{url}?{urlencode(sorted({**given, 'cursor': [token]}.items()), doseq=True)}"

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


class HistoryPages(KeysetPages):
    """KeysetPages that can also be entered in the middle: `?around=` gives the page with the row of this id."""

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        wanted = request.query_params.get(AROUND)
        if wanted is None:
            return super().paginate_queryset(queryset, request, view)
        pk = whole_number(wanted)
        if pk is None:
            raise ValidationError({AROUND: ["A valid integer is required."]})
        if request.query_params.get("cursor"):
            raise ValidationError({AROUND: ["Give this or a cursor, not both."]})
        self.request = request
        return self._around(self._rows(queryset), pk, _page_size(request))

    def _around(self, found: KeysetRows, pk: int, size: int) -> list[Any]:
        """The row with this id in the middle, or nearer to an end of the list where that is all there is."""
        row = found.one(pk)
        if row is None:
            raise NotFound
        older, newer = (found.rows(*self._place(row), newer=side, limit=size) for side in (False, True))
        rest = size - 1
        before = min(len(newer), max(rest // 2, rest - len(older)))
        after = min(len(older), rest - before)
        rows = [*reversed(newer[:before]), row, *older[:after]]
        self._next = self._link("older", rows[-1]) if len(older) > after else None
        self._previous = self._link("newer", rows[0]) if len(newer) > before else None
        return rows
