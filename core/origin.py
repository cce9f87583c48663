"""Where an act comes from: the client's address, the session, and the command if it is one. For the audit trail."""

import sys
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID


@dataclass(frozen=True)
class Origin:
    """`session` is None for whoever is not signed in; `user_agent` is cut to 300 characters."""

    address: str = ""
    user_agent: str = ""
    session: UUID | None = None


# Threads that work for a request get a copy (config/lanes.py); each request sets its own.
_current: ContextVar[Origin] = ContextVar("origin", default=Origin())  # noqa: B039 - it is frozen


def begin(*, address: str, user_agent: str = "") -> None:
    """A request, or a socket, begins here."""
    _current.set(Origin(address, user_agent[:300]))


def signed_in(session: UUID) -> None:
    """The request that is being answered is of this session."""
    _current.set(replace(_current.get(), session=session))


def current() -> Origin:
    """Where the act that is under way comes from; nothing is known of it in the relay and in commands."""
    return _current.get()


def command() -> str:
    """The management command that this process runs, such as `seed_demo`; empty in servers."""
    name, *arguments = sys.argv or [""]
    return arguments[0][:100] if Path(name).name == "manage.py" and arguments else ""
