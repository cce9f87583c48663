"""What working time is: by examples, and by what is true of all hours."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messaging.hours import ALWAYS, DAYS, Hours, ranges_of

OFFICE = {day: [["09:00", "18:00"]] for day in DAYS[:5]}


def hours(week: dict[str, list[list[str]]], zone: str = "UTC", *holidays: str) -> Hours:
    return Hours(ZoneInfo(zone), ranges_of(week), frozenset(map(date.fromisoformat, holidays)))


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


# 2026-03-02 is a Monday.
@pytest.mark.parametrize(
    ("week", "zone", "start", "end", "expected"),
    [
        (OFFICE, "UTC", "2026-03-02T08:00", "2026-03-02T10:00", 1),
        (OFFICE, "UTC", "2026-03-02T17:00", "2026-03-03T10:00", 2),
        (OFFICE, "UTC", "2026-03-06T17:00", "2026-03-09T10:00", 2),
        (OFFICE, "UTC", "2026-03-07T00:00", "2026-03-08T23:00", 0),
        (OFFICE, "Asia/Colombo", "2026-03-02T09:00", "2026-03-02T12:30", 3.5),
        ({"mon": [["09:00", "12:00"], ["13:00", "24:00"]]}, "UTC", "2026-03-02T00:00", "2026-03-05T00:00", 14),
        ({"mon": [["22:00", "02:00"]]}, "UTC", "2026-03-02T00:00", "2026-03-05T00:00", 4),
        ({"sun": [["22:00", "02:00"]]}, "UTC", "2026-03-02T00:00", "2026-03-02T01:00", 1),
        ({}, "UTC", "2026-03-02T00:00", "2026-04-02T00:00", 0),
        # Clocks go forward at 02:00 on 29 March, and back at 03:00 on 25 October.
        ({"sun": [["00:00", "06:00"]]}, "Europe/Berlin", "2026-03-29T00:00", "2026-03-29T08:00", 5),
        ({"sun": [["02:30", "04:00"]]}, "Europe/Berlin", "2026-03-29T00:00", "2026-03-29T08:00", 0.5),
        ({"sun": [["02:30", "03:15"]]}, "Europe/Berlin", "2026-03-29T00:00", "2026-03-29T08:00", 0),
        ({"sun": [["00:00", "06:00"]]}, "Europe/Berlin", "2026-10-25T00:00", "2026-10-25T08:00", 7),
        ({"sun": [["02:00", "02:30"]]}, "Europe/Berlin", "2026-10-25T00:00", "2026-10-25T08:00", 1.5),
    ],
)
def test_examples(week: dict[str, list[list[str]]], zone: str, start: str, end: str, expected: float) -> None:
    found = hours(week, zone).working_time(at(start, zone), at(end, zone))
    assert found == timedelta(hours=expected)


def test_no_range_begins_on_a_holiday() -> None:
    week = {"mon": [["09:00", "18:00"]], "sun": [["22:00", "02:00"]]}
    found = hours(week, "UTC", "2026-03-02").working_time(at("2026-03-01T00:00"), at("2026-03-04T00:00"))
    assert found == timedelta(hours=4)


@pytest.mark.parametrize(
    ("week", "said"),
    [
        ({"mon": [["9:00", "18:00"]]}, "9:00 is not a time"),
        ({"mon": [["09:00", "25:00"]]}, "25:00 is not a time"),
        ({"mon": [["09:00", "24:01"]]}, "24:01 is not a time"),
        ({"mon": [["09:60", "18:00"]]}, "09:60 is not a time"),
        ({"mon": [["24:00", "02:00"]]}, "has no length"),
        ({"mon": [["09:00", "09:00"]]}, "has no length"),
        ({"mon": [["09:00", "12:00"], ["11:00", "13:00"]]}, "overlap on mon"),
        ({"mon": [["20:00", "02:00"]], "tue": [["01:00", "03:00"]]}, "overlap on tue"),
        ({"sun": [["20:00", "02:00"]], "mon": [["01:00", "03:00"]]}, "overlap on mon"),
        ({"fri": [["20:00", "02:00"], ["22:00", "23:00"]]}, "overlap on fri"),
    ],
)
def test_what_makes_no_sense_is_refused(week: dict[str, list[list[str]]], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ranges_of(week)


def test_what_touches_does_not_overlap() -> None:
    ranges_of({"mon": [["09:00", "12:00"], ["12:00", "24:00"]], "tue": [["00:00", "02:00"]]})
    ranges_of({day: [["08:00", "08:01"], ["20:00", "08:00"]] for day in DAYS})


def test_a_closed_period_begins_where_the_last_range_ends() -> None:
    office = hours(OFFICE, "UTC", "2026-03-02")
    assert office.closed_since(at("2026-03-03T10:00")) is None
    assert office.closed_since(at("2026-03-03T09:00")) is None
    assert office.closed_since(at("2026-03-03T18:00")) == at("2026-03-03T18:00")
    assert office.closed_since(at("2026-03-03T08:00")) == at("2026-02-27T18:00")
    assert ALWAYS.closed_since(at("2026-03-03T08:00")) is None
    never = hours({})
    assert never.closed_since(at("2026-03-03T08:00")) == never.closed_since(at("2026-05-03T08:00")) is not None


_TIMES = st.integers(0, 95).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")
_ZONES = st.sampled_from(("UTC", "Asia/Colombo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"))
_INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))


@st.composite
def some_hours(draw: st.DrawFn) -> Hours:
    week = {}
    for day in DAYS:
        times = sorted(draw(st.sets(_TIMES, max_size=6)))
        week[day] = [[start, end] for start, end in zip(times[::2], times[1::2], strict=False)]
    holidays = draw(st.sets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=5))
    return Hours(ZoneInfo(draw(_ZONES)), ranges_of(week), frozenset(holidays))


def by_the_minute(of: Hours, start: datetime, end: datetime) -> int:
    """Working minutes, by looking at a clock on the wall each minute."""
    count = 0
    while start < end:
        wall = start.astimezone(of.zone)
        minute = wall.hour * 60 + wall.minute
        ranges = () if wall.date() in of.holidays else of.week[wall.weekday()]
        count += any(first <= minute < last for first, last in ranges)
        start += timedelta(minutes=1)
    return count


@settings(max_examples=60, deadline=None)
@given(some_hours(), _INSTANTS, st.integers(0, 60 * 60))
def test_it_is_what_the_clock_on_the_wall_says(of: Hours, start: datetime, minutes: int) -> None:
    start = start.replace(second=0, microsecond=0)
    end = start + timedelta(minutes=minutes)
    around = [start + timedelta(hours=hour) for hour in range(-26, minutes // 60 + 28)]
    if len({one.astimezone(of.zone).utcoffset() for one in around}) > 1:
        return  # the hour that comes twice, and the one that is missing, have examples of their own
    assert of.working_time(start, end) == timedelta(minutes=by_the_minute(of, start, end))


@settings(max_examples=60, deadline=None)
@given(some_hours(), st.lists(_INSTANTS, min_size=3, max_size=3))
def test_parts_add_up(of: Hours, instants: list[datetime]) -> None:
    first, middle, last = sorted(instants)
    whole = of.working_time(first, last)
    assert timedelta(0) <= whole <= last - first
    assert of.working_time(first, middle) + of.working_time(middle, last) == whole
    assert of.working_time(last, first) == timedelta(0)


@settings(max_examples=60, deadline=None)
@given(some_hours(), _INSTANTS, st.integers(1, 3000))
def test_the_latest_start_is_just_long_enough_ago(of: Hours, now: datetime, minutes: int) -> None:
    wait = timedelta(minutes=minutes)
    latest = of.latest_start(now, wait)
    if latest is None:
        assert of.working_time(now - timedelta(days=399), now) < wait
    else:
        assert of.working_time(latest, now) == wait
        assert of.working_time(latest + timedelta(microseconds=1), now) < wait


@settings(max_examples=60, deadline=None)
@given(some_hours(), _INSTANTS)
def test_a_closed_period_has_no_working_time(of: Hours, now: datetime) -> None:
    since = of.closed_since(now)
    if since is None:
        assert of.working_time(now, now + timedelta(microseconds=1))
    else:
        assert not of.working_time(since, now + timedelta(microseconds=1))
        assert since.year == 2000 or of.working_time(since - timedelta(microseconds=1), now)
