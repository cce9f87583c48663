"""`/api/working-hours/`: when the desk works."""

from typing import Annotated, Any, TypedDict

from drf_yasg import openapi
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.permissions import IsAdmin
from core.documentation import documented
from core.fields import KnownFieldsOnly, ObjectField
from core.filters import whole_number
from core.shapes import Day
from messaging.actions.working_hours import MAX_HOLIDAYS, MAX_MESSAGE, MAX_RANGES, hours_by_number, set_working_hours
from messaging.hours import DAYS
from messaging.models import BusinessNumber

Week = dict[str, list[list[str]]]


class WorkingHoursRow(TypedDict):
    """When the desk works."""

    time_zone: Annotated[str, "the zone of the times, such as Asia/Colombo"]
    week: Annotated[
        Week, 'ranges of each day from `mon` to `sun`, as [["09:00", "18:00"]]; a day without ranges is closed'
    ]
    holidays: Annotated[list[Day], "days that are closed"]
    away_message: Annotated[str, "what a customer gets who writes while it is closed; empty: nothing"]


class WorkingHoursSerializer(KnownFieldsOnly):
    """The body of a PUT; what is left out stays."""

    time_zone = serializers.CharField(required=False, help_text="a time zone such as Asia/Colombo")
    week = ObjectField(
        child=serializers.ListField(child=serializers.ListField(child=serializers.CharField())),
        required=False,
        help_text='ranges of each day from `mon` to `sun`, as [["09:00", "18:00"]]. "24:00" is midnight; a range '
        "whose end is not after its start goes past midnight; days that are left out are closed, and none has more "
        f"than {MAX_RANGES} ranges",
    )
    holidays = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text=f"dates on which no range begins, at most {MAX_HOLIDAYS:,}",
    )
    away_message = serializers.CharField(
        required=False,
        allow_blank=True,
        help_text=f"sent once in each closed period to whoever writes; up to {MAX_MESSAGE} characters",
    )

    class Meta:
        ref_name = "WorkingHoursBody"


_NUMBER = openapi.Parameter(
    "business_number",
    openapi.IN_QUERY,
    type=openapi.TYPE_INTEGER,
    description="the id of one of our numbers; left out: the hours of all numbers that have none of their own",
)


class WorkingHoursView(APIView):
    """`/api/working-hours/`"""

    permission_classes = [IsAdmin]

    @documented(manual_parameters=[_NUMBER], responses={200: WorkingHoursRow})
    def get(self, request: Request) -> Response:
        """Get the working hours. With `business_number` those that count for this number."""
        number = _number(request)
        rows = hours_by_number()
        row: Any = rows.get(number.pk if number is not None else None) or rows.get(None)
        if row is None:
            always: Week = {day: [["00:00", "24:00"]] for day in DAYS}
            return Response(WorkingHoursRow(time_zone="UTC", week=always, holidays=[], away_message=""))
        return Response(_row(row))

    @documented(manual_parameters=[_NUMBER], request_body=WorkingHoursSerializer, responses={200: WorkingHoursRow})
    def put(self, request: Request) -> Response:
        """Set the working hours. With `business_number` those of this number, which then no longer follow the others.

        Only the fields that are given change. Those of a number begin as the ones that it followed.
        """
        number = _number(request)
        body = WorkingHoursSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(_row(set_working_hours(number=number, actor=user_of(request), fields=body.validated_data)))


def _row(row: Any) -> WorkingHoursRow:
    return {
        "time_zone": row.time_zone,
        "week": {day: row.week.get(day, []) for day in DAYS},
        "holidays": row.holidays,
        "away_message": row.away_message,
    }


def _number(request: Request) -> BusinessNumber | None:
    wanted = request.query_params.get("business_number")
    if not wanted:
        return None
    pk = whole_number(wanted)
    number: BusinessNumber | None = BusinessNumber.objects.filter(pk=pk).first() if pk is not None else None
    if number is None:
        raise ValidationError({"business_number": [f'Invalid pk "{wanted[:20]}" - object does not exist.']})
    return number
