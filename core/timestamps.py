"""Times as Patter writes them in JSON."""

from datetime import UTC, datetime


def iso(at: datetime | None) -> str | None:
    """Return `at` as `2024-01-15T10:30:00Z` in UTC, with microseconds where there are any."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def aware(at: datetime) -> datetime:
    """Return a time as a cursor gave it, in UTC: SQLite keeps no zone."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def from_epoch(seconds: str | int | None) -> datetime:
    """Return Meta's timestamp, a string of seconds, as an aware datetime.

    Raises ValueError for anything that is no second between 1970 and 9999.
    """
    try:
        return datetime.fromtimestamp(int(seconds or ""), tz=UTC)
    except (TypeError, OverflowError, OSError) as error:
        raise ValueError(f"not a timestamp: {seconds!r}") from error
