"""Working hours: what of a stretch of time is working time. Pure functions; the rows are in messaging/models/hours.py.

Hours are those of a clock on a wall. When clocks are put forward, a time that does not exist is as long after the one
before the gap; when they are put back, a span begins at the first and ends at the second of two equal times.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
# Longer than any closed period that ends: nobody looks further.
FARTHEST = timedelta(days=400)

# When a period began that has no beginning.
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

# The beginning and end of a stretch of working time, in UTC.
Span = tuple[datetime, datetime]
# Minutes after midnight. An end that is not after its start is on the next day.
Range = tuple[int, int]


def minutes_of(text: str) -> int:
    """`09:30` as minutes after midnight, up to `24:00`. Raises ValueError."""
    found = re.fullmatch(r"([0-2][0-9]):([0-5][0-9])", text)
    minutes = int(found[1]) * 60 + int(found[2]) if found is not None else DAY_MINUTES + 1
    if minutes > DAY_MINUTES:
        raise ValueError(text)
    return minutes


def ranges_of(week: Mapping[str, Sequence[Sequence[str]]]) -> tuple[tuple[Range, ...], ...]:
    """The ranges of each day from Monday on, in order. Raises ValueError, whose text says what is wrong."""
    found = []
    for day in DAYS:
        ranges = sorted(_range_of(*pair) for pair in week.get(day, ()))
        found.append(tuple(ranges))
    _refuse_overlaps(found)
    return tuple(found)


def _range_of(start_text: str, end_text: str) -> Range:
    try:
        start, end = minutes_of(start_text), minutes_of(end_text)
    except ValueError as error:
        raise ValueError(f"{error} is not a time such as 09:00.")
    if start in (end, DAY_MINUTES):
        raise ValueError(f"{start_text} to {end_text} has no length.")
    return start, end


def _refuse_overlaps(week: Sequence[Sequence[Range]]) -> None:
    """Also those of a range past midnight with the next day's, Sunday's with Monday's included."""
    spans = [
        (number * DAY_MINUTES + start, number * DAY_MINUTES + _end(start, end))
        for number, day in enumerate(week)
        for start, end in day
    ]
    if not spans:
        return
    around = [*spans, (spans[0][0] + 7 * DAY_MINUTES, spans[0][1] + 7 * DAY_MINUTES)]
    for (_, end), (start, _) in pairwise(around):
        if start < end:
            day = DAYS[start // DAY_MINUTES % 7]
            raise ValueError(f"Ranges overlap on {day}.")


def _end(start: int, end: int) -> int:
    return end if end > start else end + DAY_MINUTES


@dataclass(frozen=True)
class Hours:
    """When somebody works. On a holiday no range begins; one that began the evening before goes on."""

    zone: ZoneInfo
    week: tuple[tuple[Range, ...], ...]
    holidays: frozenset[date] = frozenset()

    @property
    def always(self) -> bool:
        """Whether it is always open."""
        return not self.holidays and all(day == ((0, DAY_MINUTES),) for day in self.week)

    def working_time(self, start: datetime, end: datetime) -> timedelta:
        """How much of the time between two instants is working time."""
        if end <= start:
            return timedelta(0)
        if self.always:
            return end - start
        spans = self.spans(start, end)
        return sum((min(last, end) - max(first, start) for first, last in spans), timedelta(0))

    def spans(self, start: datetime, end: datetime) -> Iterator[Span]:
        """The working time that touches a stretch of time, in order, no two of them overlapping."""
        day, last = start.astimezone(self.zone).date() - timedelta(days=2), end.astimezone(self.zone).date()
        open_since = open_until = None
        while day <= last:
            for first, until in _spans_of(self, day):
                if until <= start or first >= end:
                    continue
                if open_until is not None and open_since is not None and first > open_until:
                    yield open_since, open_until
                    open_since = open_until = None
                open_since, open_until = open_since or first, max(open_until or until, until)
            day += timedelta(days=1)
        if open_since is not None and open_until is not None:
            yield open_since, open_until

    def closed_since(self, now: datetime) -> datetime | None:
        """When the closed period began in which an instant lies; None while it is open."""
        if self.always:
            return None
        for back in (timedelta(days=2), timedelta(days=15), FARTHEST):
            last = None
            for first, until in self.spans(now - back, now + timedelta(microseconds=1)):
                last = None if first <= now < until else until
                if last is None:
                    return None
            if last is not None:
                return last
        return _LONG_AGO

    def latest_start(self, now: datetime, wait: timedelta) -> datetime | None:
        """The last instant since which so much working time has passed; None if that is too long ago."""
        if self.always:
            return now - wait
        for back in (timedelta(days=2), timedelta(days=15), FARTHEST):
            left = wait
            for first, until in reversed(list(self.spans(now - back, now))):
                begin, end = max(first, now - back), min(until, now)
                if end - begin >= left:
                    return end - left
                left -= end - begin
        return None


@cache
def _spans_of(hours: Hours, day: date) -> tuple[Span, ...]:
    """The working time that begins on a day, as the zone has it."""
    if day in hours.holidays:
        return ()
    spans = (
        (_instant(hours.zone, day, start, fold=0), _instant(hours.zone, day, _end(start, end), fold=1))
        for start, end in hours.week[day.weekday()]
    )
    # One that begins where clocks go forward, and ends soon after, is none.
    return tuple((first, until) for first, until in spans if first < until)


def _instant(zone: ZoneInfo, day: date, minutes: int, *, fold: int) -> datetime:
    on = day + timedelta(days=minutes // DAY_MINUTES)
    hour, minute = divmod(minutes % DAY_MINUTES, 60)
    wall = datetime(on.year, on.month, on.day, hour, minute, tzinfo=zone)
    # A fold would also move a time in a gap.
    if fold and wall.replace(fold=1).utcoffset() != wall.utcoffset() and _exists(wall):
        wall = wall.replace(fold=1)
    return wall.astimezone(UTC)


def _exists(wall: datetime) -> bool:
    back = wall.astimezone(UTC).astimezone(wall.tzinfo)
    return back.replace(tzinfo=None) == wall.replace(tzinfo=None)


# Where nobody has said otherwise.
ALWAYS = Hours(ZoneInfo("UTC"), (((0, DAY_MINUTES),),) * 7)
