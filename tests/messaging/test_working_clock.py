"""Working time by looking it up is the working time that the hours themselves know; times as numbers stay exact."""

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.db.microseconds import Microseconds, instant, microseconds
from customers.models import Customer
from messaging.hours import ALWAYS, Hours, ranges_of
from messaging.working_clock import WorkingClock

FIRST, LAST = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 30, tzinfo=UTC)
WEEK = ranges_of(
    {"mon": [["09:00", "12:00"], ["13:00", "18:00"]], "fri": [["22:00", "03:00"]], "sun": [["01:30", "03:30"]]}
)
HOURS = (
    ALWAYS,
    Hours(ZoneInfo("Europe/Berlin"), WEEK, frozenset({date(2026, 3, 9)})),
    Hours(ZoneInfo("Asia/Kathmandu"), WEEK),
    Hours(ZoneInfo("UTC"), ranges_of({})),
)


@pytest.mark.parametrize("hours", HOURS)
def test_any_stretch(hours: Hours) -> None:
    dice = random.Random(5)
    clock = WorkingClock(hours, FIRST, LAST)
    edges = [at for span in hours.spans(FIRST, LAST) for at in span] if not hours.always else [FIRST]
    for _ in range(500):
        # Also before the beginning, after the end and the wrong way round; and exactly where a span begins or ends.
        since, until = (FIRST + timedelta(microseconds=dice.randint(-(10**12), 7 * 10**12)) for _ in range(2))
        since = dice.choice((since, *edges[:20])) if dice.random() < 0.5 else since
        expected = hours.working_time(since, until)
        assert clock.between(microseconds(since), microseconds(until)) == expected // timedelta(microseconds=1)


@pytest.mark.django_db
def test_times_as_numbers_are_exact(customer: Customer) -> None:
    dice = random.Random(6)
    for _ in range(200):
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=dice.randint(0, 4_000_000_000_000_000))
        at = at.replace(microsecond=dice.choice((0, 1, 999_999, at.microsecond)))
        Customer.objects.filter(pk=customer.pk).update(desk_at=at)
        (found,) = Customer.objects.filter(pk=customer.pk).values_list(Microseconds("desk_at"), flat=True)
        assert (found, instant(found)) == (microseconds(at), at)
    assert list(Customer.objects.filter(pk=customer.pk).values_list(Microseconds("blocked_at"), flat=True)) == [None]
