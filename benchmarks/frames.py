"""From the webhook's POST to the frame on every screen that shows the chat, against a bare ASGI server."""

import asyncio
import pickle
import tempfile
from dataclasses import dataclass, field
from statistics import median

from benchmarks import load
from benchmarks.bodies import webhooks
from benchmarks.data import Desk
from benchmarks.report import Figure, milliseconds, percentile
from benchmarks.servers import PATTER, Server
from benchmarks.sockets import Crowd
from benchmarks.statements import Recording

FLOOR = "benchmarks.floor_live:application"
GOAL = 1.4
PAUSE_SECONDS = 0.02
WARM_UP = 5


@dataclass
class Times:
    """Seconds from POST to frame: of all sockets, and of the last one of each event; a list per round."""

    frames: list[list[float]] = field(default_factory=list)
    last: list[list[float]] = field(default_factory=list)

    @property
    def p99(self) -> list[float]:
        return [percentile(times, 0.99) for times in self.frames]

    @property
    def shown(self) -> str:
        last = median(percentile(times, 0.50) for times in self.last)
        return f"{milliseconds(self.frames)} ms, last frame {last * 1000:.1f} ms"


def measure(desk: Desk, recording: Recording, *, rounds: int, events: int, crowds: tuple[int, ...]) -> list[Figure]:
    results = {side: {size: Times() for size in crowds} for side in ("patter", "floor")}
    for turn in range(rounds):
        for side in ("patter", "floor") if turn % 2 else ("floor", "patter"):
            asyncio.run(_round(side, desk, recording, results[side], events))
    figures = []
    for size in crowds:
        ours, floor = results["patter"][size], results["floor"][size]
        ratio = median(ours.p99) / median(floor.p99)
        n = f"{rounds} x {events} events"
        figures.append(Figure(f"POST to frame, {size:,} sockets, p99", n, ours.shown, floor.shown, ratio, GOAL, True))
    return figures


async def _round(side: str, desk: Desk, recording: Recording, times: dict[int, Times], events: int) -> None:
    """One server, started anew, with more and more sockets on one chat."""
    customer_id = desk.chats[0]
    with tempfile.NamedTemporaryFile() as file:
        file.write(pickle.dumps(recording))
        file.flush()
        application = PATTER if side == "patter" else FLOOR
        with Server(application, BENCH_RECORDING=file.name) as server:
            crowd = Crowd()
            for size, found in times.items():
                await crowd.open(size, server.port, f"/ws/chat/{customer_id}/", desk.token)
                await crowd.quiet()
                # Not before: uvicorn ends what is idle for 5 seconds.
                poster = await load.connect(server.port)
                heard = [await _event(poster, crowd, customer_id) for _ in range(WARM_UP + events)][WARM_UP:]
                found.frames.append([seconds for event in heard for seconds in event])
                found.last.append([max(event) for event in heard])


async def _event(poster: load.Connection, crowd: Crowd, customer_id: int) -> list[float]:
    [new] = webhooks([customer_id], 1)
    answers: list[asyncio.Task[bytes]] = []
    # Written by the task at its first step, which follows at once.
    heard = await crowd.hear(new.wamid, lambda: answers.append(asyncio.create_task(poster.ask(new.request))))
    await answers[0]
    await asyncio.sleep(PAUSE_SECONDS)
    return heard
