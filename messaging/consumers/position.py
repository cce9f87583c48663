"""How far a log goes, and from where a client can be brought up to date."""

from dataclasses import dataclass

# A client further behind loads the chat over REST instead.
MAX_REPLAY = 1000


@dataclass(frozen=True)
class Position:
    """How far a customer's log goes, and whose customer they are."""

    last_seq: int
    owner_id: int | None
    oldest_kept: int | None

    def can_be_reached_from(self, seq: int) -> bool:
        """Whether the events after `seq` are all there, and few enough to be sent."""
        behind = self.last_seq - seq
        complete = self.oldest_kept is not None and self.oldest_kept <= seq + 1
        return behind == 0 or (0 < behind <= MAX_REPLAY and complete)
