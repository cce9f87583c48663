"""Working time between very many pairs of instants, in microseconds (core/db/microseconds.py)."""

from bisect import bisect_right
from datetime import datetime, timedelta

from core.db.microseconds import instant, microseconds
from messaging.hours import Hours

_ONE = timedelta(microseconds=1)


class WorkingClock:
    """The hours of somebody as a clock that runs in working time: how far it has come is looked up.

    It covers the stretch from `first` to `last`. Of what lies outside, the hours themselves know.
    """

    def __init__(self, hours: Hours, first: datetime, last: datetime) -> None:
        self._hours = hours
        self._always = hours.always
        self._first, self._last = microseconds(first), microseconds(last)
        # Of each span of working time: its beginning, its end, and what the clock shows at its beginning.
        self._begins: list[int] = []
        self._ends: list[int] = []
        self._shown: list[int] = []
        shown = 0
        for begin, end in [] if self._always else hours.spans(first, last):
            self._begins.append(microseconds(begin))
            self._ends.append(microseconds(end))
            self._shown.append(shown)
            shown += self._ends[-1] - self._begins[-1]

    def between(self, since: int, until: int) -> int:
        """How much of the time between two instants is working time."""
        if until <= since:
            return 0
        if self._always:
            return until - since
        if since < self._first or until > self._last:
            return self._hours.working_time(instant(since), instant(until)) // _ONE
        return self._at(until) - self._at(since)

    def _at(self, at: int) -> int:
        """What the clock shows."""
        place = bisect_right(self._begins, at) - 1
        return self._shown[place] + min(at, self._ends[place]) - self._begins[place] if place >= 0 else 0
