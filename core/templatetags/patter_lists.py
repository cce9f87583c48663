"""What the templates of lists in Django admin need beside Django's own tags.

The dates above a list are shown without reading the table. Django's tag reads every row of the year that is shown, to
leave out days without rows; this one reads the first and the last row, from an index, and shows what lies between.
"""

import calendar
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django import template
from django.db.models import Max, Min
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.text import capfirst

register = template.Library()
Choice = dict[str, str]

_CELL = re.compile(r"<t[dh]")
_EMPTY = re.compile(r"<t[dh][^>]*>(?:-|&nbsp;)?</t[dh]>")


@register.filter
def labelled(cells: Any, headers: Any) -> list[str]:
    """The cells of a row, each with the name of its column: narrow screens show a row as a card."""
    return [_labelled(cell, header["text"]) for cell, header in zip(cells, headers, strict=False)]


def _labelled(cell: str, name: str) -> str:
    # The header of the boxes to tick is a box itself.
    label = "" if "<" in str(name) else format_html(' data-label="{}"', capfirst(name))
    empty = " data-empty" if _EMPTY.fullmatch(cell) else ""
    # Django made the cell: only its first tag is changed.
    return mark_safe(_CELL.sub(lambda tag: f"{tag[0]}{label}{empty}", cell, count=1))


@register.filter
def narrows(choices: Any) -> str:
    """What a filter is set to; empty if it lets everything through."""
    for place, choice in enumerate(choices):
        if choice["selected"]:
            return str(choice["display"]) if place else ""
    return ""


@register.inclusion_tag("admin/date_hierarchy.html")
def quick_dates(cl: Any) -> dict[str, Any]:
    """The dates by which the list `cl` can be narrowed. Its `date_hierarchy` has to be a column with an index."""
    field = cl.date_hierarchy
    first, last = map(_day, cl.root_queryset.aggregate(first=Min(field), last=Max(field)).values())
    if first is None or last is None:
        return {"show": False}
    year, month, day = (_number(cl.params.get(f"{field}__{part}")) for part in ("year", "month", "day"))
    if year is None and first.year == last.year:
        year, month = first.year, first.month if first.month == last.month else None
    if year is None:
        return {
            "show": True,
            "choices": [_choice(cl, str(one), year=one) for one in range(first.year, last.year + 1)],
        }
    if month is None:
        return {"show": True, "back": _choice(cl, "All dates"), "choices": list(_months(cl, year, first, last))}
    if day is None:
        return {
            "show": True,
            "back": _choice(cl, str(year), year=year),
            "choices": list(_days(cl, year, month, first, last)),
        }
    shown = date(year, month, day)
    title = formats.date_format(shown, "YEAR_MONTH_FORMAT")
    return {
        "show": True,
        "back": _choice(cl, title, year=year, month=month),
        "choices": [{"title": formats.date_format(shown, "MONTH_DAY_FORMAT")}],
    }


def _months(cl: Any, year: int, first: date, last: date) -> Iterator[Choice]:
    for month in range(1, 13):
        if (first.year, first.month) <= (year, month) <= (last.year, last.month):
            title = formats.date_format(date(year, month, 1), "YEAR_MONTH_FORMAT")
            yield _choice(cl, title, year=year, month=month)


def _days(cl: Any, year: int, month: int, first: date, last: date) -> Iterator[Choice]:
    for number in range(1, calendar.monthrange(year, month)[1] + 1):
        day = date(year, month, number)
        if first <= day <= last:
            title = formats.date_format(day, "MONTH_DAY_FORMAT")
            yield _choice(cl, title, year=year, month=month, day=number)


def _choice(cl: Any, title: str, **parts: int) -> Choice:
    wanted = {f"{cl.date_hierarchy}__{name}": value for name, value in parts.items()}
    return {"title": title, "link": cl.get_query_string(wanted, [f"{cl.date_hierarchy}__"])}


def _day(at: Any) -> date | None:
    if isinstance(at, datetime):
        return timezone.localtime(at).date()
    return at if isinstance(at, date) else None


def _number(text: Any) -> int | None:
    """The number in the query string. The list has refused anything else already."""
    return int(text) if text else None
