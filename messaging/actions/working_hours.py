"""Working hours: whose count where, and setting them."""

from datetime import date
from typing import Any
from zoneinfo import available_timezones

from django.db import transaction
from rest_framework.exceptions import ValidationError

from accounts.audit import audit
from accounts.models import User
from core.changes import changed
from messaging.hours import ALWAYS, DAYS, Hours, ranges_of
from messaging.models import BusinessNumber, WorkingHours

MAX_RANGES = 10
MAX_HOLIDAYS = 1_000
# What Meta takes as one text.
MAX_MESSAGE = 4_096

# Names that are no place's: the zone of the machine, and one that says that none was set.
_NO_ZONES = frozenset({"localtime", "Factory"})

FIELDS = ("time_zone", "week", "holidays", "away_message")


def hours_by_number() -> dict[int | None, WorkingHours]:
    """The working hours there are, by the id of their number; under None those of all other numbers."""
    return {row.business_number_id: row for row in WorkingHours.objects.all()}


def hours_of(rows: dict[int | None, WorkingHours], number_id: int | None) -> Hours:
    """The hours that count for a number: its own, or those of all, or, where there are none, always."""
    row = rows.get(number_id) or rows.get(None)
    return row.hours if row is not None else ALWAYS


@transaction.atomic
def set_working_hours(*, number: BusinessNumber | None, actor: User, fields: dict[str, Any]) -> WorkingHours:
    """Set the given fields of the working hours of a number, or of all that have none of their own.

    The others are what counted for it until now. Raises ValidationError.
    """
    checked = checked_hours(fields)
    followed = WorkingHours.objects.filter(business_number=None).first() if number is not None else None
    always = {"time_zone": "UTC", "week": {day: [["00:00", "24:00"]] for day in DAYS}}
    counted = always if followed is None else {name: getattr(followed, name) for name in FIELDS}
    row, is_new = WorkingHours.objects.select_for_update().get_or_create(business_number=number, defaults=counted)
    before = {} if is_new else {name: getattr(row, name) for name in FIELDS}
    for name, value in checked.items():
        setattr(row, name, value)
    row.save()
    after = {name: getattr(row, name) for name in FIELDS}
    audit("working_hours_changed", row, actor=actor, changes=changed(before, after))
    return row


def checked_hours(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields of working hours as they are stored. Raises ValidationError."""
    errors: dict[str, list[str]] = {}
    found: dict[str, Any] = {}
    for name, value in fields.items():
        try:
            found[name] = _CHECKS[name](value)
        except ValueError as error:
            errors[name] = [str(error)]
    if errors:
        raise ValidationError(errors)
    return found


def _zone(value: Any) -> str:
    if not isinstance(value, str) or value not in available_timezones() - _NO_ZONES:
        raise ValueError("Must be the name of a time zone like Asia/Colombo.")
    return value


def _week(value: Any) -> dict[str, list[list[str]]]:
    if not isinstance(value, dict) or (unknown := value.keys() - set(DAYS)):
        raise ValueError(f"Must be an object with the days {', '.join(DAYS)}." if not isinstance(value, dict) else
                         f"Unknown day: {sorted(map(str, unknown))[0]}. Days are {', '.join(DAYS)}.")  # fmt: skip
    for ranges in value.values():
        if not isinstance(ranges, list) or not all(_is_pair(pair) for pair in ranges):
            raise ValueError('Each day has a list of ranges such as [["09:00", "18:00"]].')
        if len(ranges) > MAX_RANGES:
            raise ValueError(f"A day can have {MAX_RANGES} ranges at the most.")
    ranges_of(value)
    return {day: sorted(value.get(day, [])) for day in DAYS}


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(time, str) for time in pair)


def _holidays(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > MAX_HOLIDAYS:
        raise ValueError(f"Must be a list of up to {MAX_HOLIDAYS} dates.")
    return sorted({_day(one) for one in value})


def _day(value: Any) -> str:
    try:
        # Python also reads other forms, such as 2026-W01-1.
        if not isinstance(value, str) or date.fromisoformat(value).isoformat() != value:
            raise ValueError(value)
        return value
    except ValueError:
        raise ValueError(f"{str(value)[:20]} is not a date such as 2026-12-25.")


def _message(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("Must be a text.")
    text = value.strip()
    if len(text) > MAX_MESSAGE:
        raise ValueError(f"The message can have {MAX_MESSAGE} characters at the most.")
    return text


_CHECKS = {"time_zone": _zone, "week": _week, "holidays": _holidays, "away_message": _message}
