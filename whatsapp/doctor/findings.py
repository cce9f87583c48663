"""What a look at one part of an installation finds."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

OK, WARNING, BROKEN = "ok", "warning", "broken"


@dataclass(frozen=True)
class Finding:
    """One line: the part, its state, what was found, and what to do about it."""

    part: str
    state: str
    text: str
    todo: str = ""

    def line(self) -> str:
        return f"{self.state:8} {self.part:10} {' '.join(filter(None, (self.text, self.todo)))}"


# Returns findings; those of several parts share what they ask.
Look = Callable[[], Iterator[Finding]]


class TooSlow(Exception):
    """There was no answer in time."""


def within(seconds: float, ask: Callable[[], T]) -> T:
    """Return what `ask` returns, or raise what it raises; TooSlow if that takes longer. For names and connections,
    which may wait for minutes. What waits is left behind in its thread.
    """
    answer: list[T] = []
    trouble: list[BaseException] = []

    def run() -> None:
        try:
            answer.append(ask())
        except BaseException as error:  # noqa: BLE001 - raised below, in the thread that asked
            trouble.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if trouble:
        raise trouble[0]
    if not answer:
        raise TooSlow(f"no answer within {seconds:.0f} s")
    return answer[0]
