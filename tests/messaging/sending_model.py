"""What may become of messages to a few chats, in plain words: no database, no threads, no HTTP.

For tests/messaging/test_random_faults.py, which does the same things to Patter.
"""

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta

# Seconds: of a claim, between the last try of an unreachable provider and the next, and of a proxy that denies access.
LEASE, PROBE, DENIED = 30, 45, 60
MOST_TRIES, LONGEST_WAIT = 7, 15 * 60


@dataclass(frozen=True)
class Ending:
    """How a send ended: `kind` and for how many seconds the provider said to wait."""

    kind: str
    after: float = 0.0


@dataclass
class Sending:
    """A message on its way. `due`: not before; `waited`: how many seconds it was made to wait between its tries."""

    pk: int
    chat: int
    due: datetime
    status: str = "queued"
    tries: int = 0
    waited: int = 0
    # Whether a person has sent it again, and how often Graph took it since.
    again: bool = False
    taken: int = 0
    # While it is `sending`: how that ended, if anybody knows, and until when it is left to the one who claimed it.
    ending: Ending | None = None
    lease: datetime | None = None
    probe: bool = False
    # Nobody can know whether it was sent: no answer came, or whoever claimed it died.
    doubtful: bool = False

    @property
    def unfinished(self) -> bool:
        return self.status in ("queued", "sending")


@dataclass
class Model:
    """The messages by their id, and the number that all of them are sent from."""

    now: datetime
    messages: dict[int, Sending] = field(default_factory=dict)
    until: datetime | None = None
    kind: str = ""
    throttled: int = 0
    probes: int = 0

    def first_of(self, chat: int) -> Sending | None:
        of_chat = sorted(one.pk for one in self.messages.values() if one.chat == chat and one.unfinished)
        return self.messages[of_chat[0]] if of_chat else None

    @property
    def awake(self) -> bool:
        return self.until is None or self.until <= self.now

    def due(self) -> set[int]:
        """What is sent now; only one of them if the number is unreachable."""
        firsts = [self.first_of(chat) for chat in {one.chat for one in self.messages.values()}]
        due = {one.pk for one in firsts if one is not None and one.status == "queued" and one.due <= self.now}
        return due if self.awake else set()

    def waiting(self, message: Sending) -> tuple[str, datetime | None] | None:
        """Why a queued message waits, and until when."""
        if self.first_of(message.chat) is not message:
            return "behind", None
        if self.kind == "unreachable":
            return "unreachable", None
        if not self.awake:
            return self.kind, self.until
        return ("retry", message.due) if message.due > self.now else None

    def claim(self, message: Sending) -> None:
        message.status, message.lease = "sending", self.now + timedelta(seconds=LEASE)
        message.probe, message.ending = self.kind == "unreachable", None

    def end(self, message: Sending, ending: Ending, due: datetime) -> None:
        """The database has the outcome. `due` is what it says of the message, checked where chance decides."""
        late, kind, probe = message.status == "uncertain", ending.kind, message.probe
        # Where it counts as uncertain by now, others may have overtaken it.
        message.status, message.doubtful = "failed" if late else "queued", False
        message.ending, message.probe = None, False
        if self.kind == "unreachable" and kind != "unreachable" and (probe or kind == "sent"):
            self._tried(kind)
        is_try = kind not in ("throttled", "unreachable", "not begun")
        message.tries += is_try - late
        getattr(self, "_" + kind.replace(" ", "_"))(message, ending, due, probe)

    def _tried(self, kind: str) -> None:
        """The message that was to try whether the provider can be reached came to something else."""
        if kind in ("not begun", "nobody knows"):
            self.until = self.now
        else:
            self.until, self.kind, self.probes = None, "", 0

    def _sent(self, message: Sending, ending: Ending, due: datetime, probe: bool) -> None:
        message.status, self.throttled = "sent", 0

    def _refused(self, message: Sending, ending: Ending, due: datetime, probe: bool) -> None:
        message.status = "failed"

    def _no_answer(self, message: Sending, ending: Ending, due: datetime, probe: bool) -> None:
        message.status, message.doubtful = "uncertain", True

    _nobody_knows = _no_answer

    def _not_begun(self, message: Sending, ending: Ending, due: datetime, probe: bool) -> None:
        assert message.due <= due <= self.now + timedelta(seconds=1)
        message.due = due

    def _throttled(self, message: Sending, ending: Ending, due: datetime, probe: bool) -> None:
        said = self.now + timedelta(seconds=ending.after)
        if self.awake:
            own = self.now + timedelta(seconds=min(2 * 2**self.throttled, 60))
            self.until, self.kind, self.throttled = max(said, own), "throttled", self.throttled + 1
        elif self.until is not None and said > self.until:
            self.until, self.kind = said, "throttled"
        message.due = self.now

    def _unreachable(self, message: Sending, ending: Ending, due: datetime, probe: bool) -> None:
        if self.kind == "unreachable" if probe else self.awake and self.kind != "unreachable":
            self.until = self.now + timedelta(seconds=min(2 * 2**self.probes, 30))
            self.kind, self.probes = "unreachable", self.probes + 1
        message.due = self.now

    def _denied(self, message: Sending, ending: Ending, due: datetime, probe: bool) -> None:
        until = self.now + timedelta(seconds=DENIED)
        if self.until is None or self.until < until:
            self.until, self.kind = until, "paused"
        self._again(message, ending, due, probe)

    def _again(self, message: Sending, ending: Ending, due: datetime, probe: bool) -> None:
        if message.tries >= MOST_TRIES or message.waited >= LONGEST_WAIT:
            message.status = "failed"
        if message.status == "failed":
            return
        left, backoff = LONGEST_WAIT - message.waited, 2.0 ** (message.tries - 1)
        wait = (due - self.now).total_seconds()
        assert min(max(backoff, ending.after), left) <= wait <= min(max(backoff * 1.25, ending.after), left), wait
        message.waited += math.ceil(wait)
        message.due = due

    def _too_many(self, message: Sending, ending: Ending, due: datetime, probe: bool) -> None:
        """To this customer."""
        self._again(message, Ending("again", 4.0**message.tries), due, probe)
