"""What the relay runs: tables whose rows are jobs (setting RELAY_JOBS)."""

from typing import Any, Protocol

from core.live.groups import RELAY
from core.live.publishing import publish_on_commit


def wake_relays() -> None:
    """Tell the relays, on commit, that something was queued; they look once a second in any case."""
    publish_on_commit(RELAY, {"type": "wake"})


class JobSource(Protocol):
    """A table of jobs. One instance per relay; `claim` and `settle` run in its loop, `run` in its threads."""

    # How many jobs may run at once.
    workers: int

    def settle(self, *, everything: bool) -> None:
        """Decide about jobs whose lease ran out; about all claimed ones if `everything` (nobody else runs)."""
        ...

    def claim(self, limit: int) -> list[Any]:
        """Claim up to `limit` jobs, committed, and return them."""
        ...

    def run(self, job: Any) -> None:
        """Do one claimed job and finish it with its token."""
        ...
