"""Killing processes while something goes on, and starting them again."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType

from tests.services.harness import Process


class Chaos(threading.Thread):
    """Kills while the `with` block runs, and leaves every process running when it ends.

    Either each time `progress()` passes one of `at`, or `every` so many seconds after the last victim was up
    again, `limit` times at the most. Victims take turns. What goes wrong in here fails the block.
    """

    def __init__(
        self,
        victims: Sequence[Process],
        *,
        progress: Callable[[], int] = lambda: 0,
        at: Sequence[int] = (),
        every: float = 0.0,
        limit: int = 1000,
        seed: int = 7,
    ) -> None:
        super().__init__(name="chaos", daemon=True)
        self.victims, self.progress, self.every, self.limit = list(victims), progress, every, limit
        self.at = sorted(at)
        self.kills = 0
        self._dice = random.Random(seed)
        self._over = threading.Event()
        self._error: BaseException | None = None

    def __enter__(self) -> "Chaos":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
        if self._error is not None:
            raise self._error

    def end(self) -> None:
        """Kill no more, and return when every process is up."""
        self._over.set()
        self.join(90)

    def run(self) -> None:
        try:
            while self.kills < self.limit and self._wait():
                victim = self.victims[self.kills % len(self.victims)]
                victim.kill()
                self.kills += 1
                victim.start()
        except BaseException as error:  # noqa: BLE001 - told to whoever runs the block
            self._error = error

    def _wait(self) -> bool:
        """Return at the next moment to kill; False when there is none."""
        if self.every:
            return not self._over.wait(self.every * self._dice.uniform(0.7, 1.3))
        if self.kills == len(self.at):
            return False
        while self.progress() < self.at[self.kills]:
            if self._over.wait(0.002):
                return False
        time.sleep(self._dice.uniform(0, 0.05))
        return True


def spread(count: int, kills: int, seed: int = 7) -> list[int]:
    """Return `kills` moments, at random but spread over a progress from 0 to `count`."""
    dice = random.Random(seed)
    step = count / (kills + 1)
    return [int(step * (number + dice.uniform(0.6, 1.4))) for number in range(kills)]
