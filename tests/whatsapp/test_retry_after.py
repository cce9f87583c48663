"""How long Meta, or a proxy on the way, asks us to wait."""

import time

import httpx
import pytest
from django.utils.http import http_date

from whatsapp.graph.outcomes import retry_after


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("Wed, 04 Mar 2026 10:02:00 GMT", 120.0),
        ("Wednesday, 04-Mar-26 10:02:00 GMT", 120.0),
        ("Wed Mar  4 10:02:00 2026", 120.0),
        ("Wed, 04 Mar 2026 09:00:00 GMT", 0.0),
        ("Wed, 04 Mar 2026 12:00:00 GMT", 900.0),
        ("86400", 900.0),
        ("9" * 400, 900.0),
        ("Wed, 99 Mar 2026 10:02:00 GMT", None),
        ("in a minute", None),
        ("-5", None),
        ("1.5", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(said: str, seconds: float | None) -> None:
    """A date counts from the one of the answer: the clocks may differ by hours."""
    headers = {"Date": "Wed, 04 Mar 2026 10:00:00 GMT", "Retry-After": said}
    assert retry_after(httpx.Response(503, headers=headers)) == seconds


def test_retry_after_as_a_date_from_an_answer_without_one() -> None:
    soon = http_date(time.time() + 120)
    found = retry_after(httpx.Response(429, headers={"Retry-After": soon}))
    assert found is not None
    assert 100 < found <= 120
