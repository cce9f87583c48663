"""`/api/reports/response-times/`, as JSON and as CSV."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any, TypedDict

from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_yasg import openapi
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.audit import audit
from accounts.authentication import user_of
from accounts.permissions import IsSalesOrAdmin
from core.documentation import documented
from core.periods import period_in, period_parameters
from core.shapes import OneOf, Time
from core.spreadsheets import DelimiterSerializer, csv_lines
from core.timestamps import iso
from messaging.desk.response_report import BY, ResponseTimesRow, response_rows

DEFAULT_PERIOD = timedelta(days=30)
LONGEST_PERIOD = timedelta(days=366)

ResponseTimesReport = TypedDict(
    "ResponseTimesReport",
    {
        "from": Annotated[Time, "the beginning of the period"],
        "to": Annotated[Time, "its end, which is left out"],
        "by": Annotated[str, OneOf(BY), "what a row is about"],
        "rows": Annotated[list[ResponseTimesRow], "by name"],
    },
)
ResponseTimesReport.__doc__ = """How long customers waited for answers."""

_PARAMETERS = [
    *period_parameters(f"{DEFAULT_PERIOD.days} days before the end. At most {LONGEST_PERIOD.days} days"),
    openapi.Parameter(
        "by",
        openapi.IN_QUERY,
        type=openapi.TYPE_STRING,
        enum=list(BY),
        default=BY[0],
        description="what a row is about",
    ),
]
_COLUMNS = (
    "id",
    "name",
    "conversations",
    "answered",
    "unanswered",
    "first_response_median",
    "first_response_p90",
    "response_median",
    "response_p90",
)


class ResponseTimesView(APIView):
    """`/api/reports/response-times/`"""

    permission_classes = [IsSalesOrAdmin]

    @documented(manual_parameters=_PARAMETERS, responses={200: ResponseTimesReport})
    def get(self, request: Request) -> Response:
        """Report how long customers waited for answers. In seconds of working time.

        Admins see everybody, managers their teams, salespeople themselves. Each conversation and response counts for
        whoever owned the chat when it was answered, or owns it while it is not. Without `from` it is about 30 days.
        """
        begin, end, by = _asked(request)
        rows = response_rows(user_of(request), begin, end, by)
        return Response({"from": iso(begin), "to": iso(end), "by": by, "rows": rows})


class ResponseTimesCsvView(APIView):
    """`/api/reports/response-times.csv`"""

    permission_classes = [IsSalesOrAdmin]

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """The answer is CSV whatever `Accept` asks for. JSON is only how a refusal looks."""
        return super().perform_content_negotiation(request, force=True)

    @documented(
        manual_parameters=_PARAMETERS,
        query_serializer=DelimiterSerializer,
        produces=["text/csv", "application/json"],
        responses={200: "a CSV file"},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Report how long customers waited for answers, as CSV. One line for each row of the report."""
        delimiter = DelimiterSerializer(data=request.query_params)
        delimiter.is_valid(raise_exception=True)
        begin, end, by = _asked(request)
        lines = csv_lines(_lines(response_rows(user_of(request), begin, end, by)), **delimiter.validated_data)
        audit("response_times_exported", actor=user_of(request))
        headers = {"Content-Disposition": 'attachment; filename="response-times.csv"'}
        headers["Cache-Control"] = "private, no-store"
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def _asked(request: Request) -> tuple[datetime, datetime, str]:
    period = period_in(request)
    by = request.query_params.get("by") or BY[0]
    if by not in BY:
        raise ValidationError({"by": [f"Must be one of {', '.join(BY)}."]})
    end = period.end or timezone.now()
    begin = period.begin or end - DEFAULT_PERIOD
    if begin >= end:
        raise ValidationError({"from": ["Must be before now."]})
    if end - begin > LONGEST_PERIOD:
        raise ValidationError({"from": [f"A report is about {LONGEST_PERIOD.days} days at the most."]})
    return begin, end, by


def _lines(rows: list[ResponseTimesRow]) -> Iterator[tuple[Any, ...]]:
    yield _COLUMNS
    for row in rows:
        first, every = row["first_response"], row["response"]
        counts = row["conversations"], row["answered"], row["unanswered"]
        yield (*row["key"].values(), *counts, first["median"], first["p90"], every["median"], every["p90"])
