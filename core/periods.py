"""`?from=` and `?to=` of reports: dates, or times with their zone. Either may be left out."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.forms import ValidationError as Invalid
from drf_yasg import openapi
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from core.filters import TimeFilter

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def period_parameters(otherwise: str = "the beginning") -> list[Any]:
    """What Swagger says of `from` and `to`. A report without `from` is from `otherwise` on."""
    texts = {
        "from": f"a date (UTC), or a time with its zone: from then on; without it, from {otherwise}",
        "to": "a date, which is the last one, or a time, which is left out; without it, until now",
    }
    return [
        openapi.Parameter(name, openapi.IN_QUERY, type=openapi.TYPE_STRING, description=text)
        for name, text in texts.items()
    ]


@dataclass(frozen=True)
class Period:
    """From `begin` on, until right before `end`; None where it has no bound."""

    begin: datetime | None
    end: datetime | None


def period_in(request: Request) -> Period:
    """The period that a request asks for. Raises ValidationError under `from` and `to`."""
    asked: dict[str, Any] = {}
    wrong: dict[str, list[str]] = {}
    for name in ("from", "to"):
        text = request.query_params.get(name, "").strip()
        try:
            asked[name] = _day(text, last=name == "to") if _DAY.fullmatch(text) else _time(text)
        except (Invalid, ValueError, OverflowError):
            wrong[name] = ["Give a date like 2026-01-31, or a time with its zone."]
    if not wrong and asked["from"] and asked["to"] and asked["from"] >= asked["to"]:
        wrong["to"] = ["The period must end after it begins."]
    if wrong:
        raise ValidationError(wrong)
    return Period(asked["from"], asked["to"])


def _day(text: str, *, last: bool) -> datetime:
    begin = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return begin + timedelta(days=1) if last else begin


def _time(text: str) -> datetime | None:
    found: datetime | None = TimeFilter.field_class(required=False).clean(text)
    return found
