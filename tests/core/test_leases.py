from core.db.leases import backoff


def test_pauses_double_with_jitter_up_to_a_ceiling() -> None:
    for attempt, seconds in enumerate([1, 2, 4, 8, 16, 32], start=1):
        for _ in range(50):
            assert seconds <= backoff(attempt).total_seconds() <= seconds * 1.25
    assert backoff(40, ceiling=60).total_seconds() <= 75
