"""A customer who is locked from elsewhere stops nobody else. `python -m benchmarks.soak locks` is the full size."""

from tests.services.harness import Stack
from tests.services.locks import REFUSED_WITHIN, hold

# The machine of a test is busy with other tests. Without limits each of these waited until the release.
SLACK = 2.0


def test_one_locked_row_stops_nobody_else(services: Stack) -> None:
    seen = hold(services, seconds=12, times=30, touching=6)

    assert seen.wrong == [], seen.answers
    assert seen.slowest["change"] < REFUSED_WITHIN + SLACK
    for kind in ("livez", "list", "detail", "webhook of others", "readyz", "webhook of the customer"):
        assert seen.slowest[kind] < REFUSED_WITHIN, seen.slowest
