"""The years, months and days above a list in Django admin, without reading the table.

Django's own reads every row of the year that is shown to leave out days without rows. This one reads the first and the
last row, from an index, and shows what lies between them.
"""

import calendar
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django import template
from django.db.models import Max, Min
from django.utils import formats, timezone

register = template.Library()
Choice = dict[str, str]


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
