"""What a database error means to whoever asked: is it worth trying again, and why did it happen?"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

from django.db import DatabaseError, Error, InterfaceError, InternalError, OperationalError

logger = logging.getLogger(__name__)


class Trouble(Enum):
    """Why a database could not do what it was asked, although nothing was wrong with the question."""

    BUSY = "busy"  # waited too long for a lock, or for a statement
    READ_ONLY = "read_only"
    AWAY = "away"  # cannot be reached, is stopping, is full


# PostgreSQL, appendix A: lock_not_available, query_canceled (statement_timeout), deadlock_detected,
# serialization_failure.
_BUSY = frozenset({"55P03", "57014", "40P01", "40001"})
_TIMED_OUT = frozenset({"55P03", "57014"})
_READ_ONLY = "25006"
_IDLE_IN_TRANSACTION = "25P03"


def trouble_of(error: BaseException | None) -> Trouble | None:
    """What `error` says about the database; None if it is about the statement, or no error of a database."""
    state = sqlstate_of(error)
    if state in _BUSY or (isinstance(error, OperationalError) and "is locked" in str(error)):
        return Trouble.BUSY
    # SQLite says so when the file, its folder or the disk may only be read.
    if state == _READ_ONLY or (isinstance(error, OperationalError) and "readonly database" in str(error)):
        return Trouble.READ_ONLY
    if isinstance(error, OperationalError | InterfaceError):
        return Trouble.AWAY
    if isinstance(error, InternalError) and state == _IDLE_IN_TRANSACTION:
        return Trouble.AWAY
    return None


def waited_in_vain(error: BaseException | None) -> bool:
    """Whether PostgreSQL ended a statement because it had waited, or worked, for as long as it may."""
    return sqlstate_of(error) in _TIMED_OUT


@contextmanager
def passing_busy(what: str) -> Iterator[None]:
    """Leave the block, and say in the log that `what` waits, if it met something that somebody else holds for long.

    For work that is done again anyway. What the block did must be in a transaction of its own.
    """
    try:
        yield
    except DatabaseError as error:
        if trouble_of(error) is not Trouble.BUSY:
            raise
        logger.info("%s waits: %s", what, error)


def sqlstate_of(error: BaseException | None) -> str | None:
    """PostgreSQL's code of an error that Django raised."""
    state: str | None = getattr(error.__cause__, "sqlstate", None) if isinstance(error, Error) else None
    return state
