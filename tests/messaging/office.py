"""Working hours for tests, and a turn of what the relay does by them."""

from datetime import UTC, datetime, timedelta
from typing import Any

OFFICE = {
    "time_zone": "Asia/Colombo",
    "week": {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    "holidays": ["2026-12-25"],
    "away_message": "We are back at nine.",
}
WHOLE_WEEK = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
# A Monday in Colombo, five and a half hours ahead.
MONDAY = datetime(2026, 3, 2, tzinfo=UTC) - timedelta(hours=5, minutes=30)


def run(source: Any) -> int:
    jobs = source.claim(1)
    for job in jobs:
        source.run(job)
    return len(jobs)
