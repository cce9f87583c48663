"""Webhooks stored per second: the raw body committed first, then the message, its event and the rest.

The floor is a loop on one connection of the driver that does the very same statements, without HTTP, signature
or JSON. `over HTTP` is the whole receiving path, answered and drained; `in process` the function behind the view.
"""

import asyncio
import time
from statistics import median

from django.db import connections

from benchmarks import load
from benchmarks.bodies import Webhook, webhooks
from benchmarks.data import Desk
from benchmarks.report import Figure, milliseconds
from benchmarks.servers import PATTER, Server
from benchmarks.statements import Recording, Replay, timed
from messaging.models import Message
from whatsapp.models import WebhookEvent, WebhookState
from whatsapp.webhook.deliver import deliver

CONNECTIONS = 16
# On SQLite sixteen clients wait for one writer, which the loop is.
GOALS = {"postgresql": 0.7, "sqlite": 0.35}
DRAIN_SECONDS = 30


def measure(desk: Desk, recording: Recording, *, rounds: int, number: int) -> list[Figure]:
    statements = len(recording.statements)
    floor = Replay(recording)
    loop: list[float] = []
    process: list[float] = []
    loads: list[load.Load] = []
    cpu = 0.0
    with Server(PATTER) as server:
        _post(server, webhooks(desk.chats, 50))
        for _ in range(rounds):
            new = webhooks(desk.chats, number)
            loop.append(timed(floor.store, new))
            _check_stored(new)
            new = webhooks(desk.chats, number)
            process.append(timed(_deliver, new))
            _check_stored(new)
            new = webhooks(desk.chats, number)
            before = server.cpu_seconds()
            loads.append(_post(server, new))
            cpu += server.cpu_seconds() - before
    rates = [done.per_second for done in loads]
    n = f"{rounds} x {number}, {statements} statements each"
    shown_floor = f"{median(loop):.0f}/s"
    each = cpu / (rounds * number)
    http = f"{median(rates):.0f}/s, {milliseconds([done.latencies for done in loads])} ms, CPU {each * 1000:.2f} ms"
    return [
        Figure(
            f"stored over HTTP ({CONNECTIONS} connections), to the loop",
            n,
            http,
            shown_floor,
            _ratio(rates, loop),
            GOALS[connections["default"].vendor],
        ),
        Figure(
            "stored in process (1 thread), to the loop",
            n,
            f"{median(process):.0f}/s",
            shown_floor,
            _ratio(process, loop),
        ),
    ]


def _ratio(ours: list[float], floor: list[float]) -> float:
    return median(mine / its for mine, its in zip(ours, floor, strict=True))


def _deliver(new: Webhook) -> None:
    if deliver(new.body, new.signature) != 200:
        raise RuntimeError("a webhook was not answered 200")


def _post(server: Server, new: list[Webhook]) -> load.Load:
    """Post them all; the time ends when the last one is not answered only but stored and done."""
    requests = [each.request for each in new]
    started = time.perf_counter()
    done = asyncio.run(load.run(server.port, iter(requests), connections=CONNECTIONS))
    answered = time.perf_counter() - started
    if _open_events():
        deadline = time.monotonic() + DRAIN_SECONDS
        while _open_events() and time.monotonic() < deadline:
            time.sleep(0.02)
        done.seconds += time.perf_counter() - started - answered
    _check_stored(new)
    return done


def _open_events() -> int:
    return WebhookEvent.objects.exclude(state=WebhookState.DONE).count()


def _check_stored(new: list[Webhook]) -> None:
    """Answered is not stored: every message must be there, once, and no webhook left open."""
    connections["default"].ensure_connection()
    between = Message.objects.filter(wamid__gte=new[0].wamid, wamid__lte=new[-1].wamid)
    if (stored := between.count()) != len(new) or _open_events():
        raise RuntimeError(f"{stored} of {len(new)} messages are stored, {_open_events()} webhooks still open")
