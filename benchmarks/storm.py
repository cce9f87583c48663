"""`python -m benchmarks.storm [CHECKOUT ...]`: all screens come back at once, each with events that it missed.

A server restarts, a proxy is replaced: every socket is opened anew in the same moment, each on a chat of its own, with
the number of the last event that it saw. With two checkouts both are measured, in turn. Prints how long it took until
all had caught up, what `/livez` needed meanwhile, and what a connect and a socket cost. `--redis` uses Redis.
"""

import argparse
import asyncio
import json
import os
import secrets
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

os.environ.update(
    DEBUG="0",
    SECRET_KEY=secrets.token_urlsafe(60),
    SOCKETS_PER_USER="10000",
    WHATSAPP_ACCESS_TOKEN="",
    WHATSAPP_APP_SECRET=secrets.token_hex(16),
    WHATSAPP_SANDBOX="1",
    ACCESS_TOKEN_MINUTES="600",
    DJANGO_SETTINGS_MODULE="config.settings",
)

from benchmarks import __main__ as databases
from benchmarks import load
from benchmarks.servers import PATTER, Server
from benchmarks.sockets import Socket

GOAL_SECONDS, GOAL_LIVEZ_MS, GOAL_KB = 3.0, 50.0, 40.0
PATIENCE_SECONDS = 60.0
# Between two probes of /livez: some hundred while a storm lasts.
PROBE_SECONDS = 0.005
# Opened before the first storm, so that what is loaded only once is not counted as memory of sockets.
WARM_UP = 50
# Run in the checkout, which knows its own tables: chats whose log has a few events.
_FILL = """
import django, json, sys; django.setup()
from benchmarks.data import Size, load
from customers.models import Customer, Event
chats, missed = map(int, sys.argv[1:])
desk = load(Size(customers=chats * 2, messages=chats * 10, chats=chats))
data = {"id": 1, "direction": "inbound", "type": "text", "text": "Is it in stock? " * 10, "media": None, "payload": {}}
data |= dict.fromkeys(("wamid", "client_id", "sender", "sent_at", "delivered_at", "read_at", "edited_at", "error"))
numbers = range(1, missed + 1)
events = (Event(customer_id=pk, seq=n, type="chat_message", data=data) for pk in desk.chats for n in numbers)
Event.objects.bulk_create(events, 1000)
Customer.objects.filter(pk__in=desk.chats).update(last_seq=missed)
print(json.dumps([desk.token, desk.chats]))
"""


@dataclass
class Storm:
    """What one storm gave: seconds until each socket had caught up, of each `/livez`, and of the server's processor."""

    caught_up: list[float] = field(default_factory=list)
    livez: list[float] = field(default_factory=list)
    cpu: float = 0.0
    kilobytes: float = 0.0  # of memory for each socket


class Side:
    """One checkout, its server and its database."""

    def __init__(self, folder: Path, options: argparse.Namespace, running: ExitStack) -> None:
        self.folder, self.missed = folder.resolve(), options.missed
        databases.DATABASE = f"patter_storm_{os.getpid()}_{secrets.token_hex(2)}"
        url = running.enter_context(databases.DATABASES[options.database]())
        media = f"var/storm-{secrets.token_hex(4)}"
        environment = {**os.environ, "DATABASE_URL": url, "REDIS_URL": options.redis or "", "MEDIA_ROOT": media}
        filling = [sys.executable, "-c", _FILL, str(options.sockets), str(self.missed)]
        filled = subprocess.run(
            filling, cwd=self.folder, env=environment, stdout=subprocess.PIPE, text=True, check=True
        )
        self.token, self.chats = json.loads(filled.stdout.splitlines()[-1])
        self.server = running.enter_context(Server(PATTER, self.folder, **environment))
        self.storms: list[Storm] = []
        asyncio.run(self._storm(self.chats[:WARM_UP]))

    def storm(self) -> None:
        self.storms.append(asyncio.run(self._storm(self.chats)))

    async def _storm(self, chats: list[int]) -> Storm:
        """Open a socket on each of the chats, all at once, and close them when all have caught up."""
        storm = Storm()
        memory, cpu = self._kilobytes(), self.server.cpu_seconds()
        with _Probe(self.server.port) as probe:
            sockets = [_Screen(self.missed, f"/ws/chat/{pk}/?last_seq=0", self.token) for pk in chats]
            started = time.perf_counter()
            await asyncio.gather(*(screen.open(self.server.port) for screen in sockets))
            async with asyncio.timeout(PATIENCE_SECONDS):
                storm.caught_up = [await screen.caught_up - started for screen in sockets]
            storm.cpu = self.server.cpu_seconds() - cpu
        storm.livez = probe.seconds
        await asyncio.sleep(0.5)
        storm.kilobytes = (self._kilobytes() - memory) / len(chats)
        for screen in sockets:
            screen.transport.close()
        await asyncio.sleep(1.0)  # let the server take leave of them
        return storm

    def _kilobytes(self) -> float:
        status = Path(f"/proc/{self.server.process.pid}/status").read_text()
        return float(status.partition("VmRSS:")[2].split()[0])


class _Screen(Socket):
    """A socket that waits for the events it missed."""

    def __init__(self, missed: int, path: str, token: str) -> None:
        super().__init__(self._on_text, self._on_lost, path, token)
        self.caught_up: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._left = missed

    async def open(self, port: int) -> None:
        await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", port)

    def _on_text(self, payload: bytes) -> None:
        self._left -= b'"chat_message"' in payload
        if self._left == 0 and not self.caught_up.done():
            self.caught_up.set_result(time.perf_counter())

    def _on_lost(self, why: str) -> None:
        if not self.caught_up.done():
            self.caught_up.set_exception(ConnectionError(why))


class _Probe:
    """Asks for /livez again and again in a process of its own: the sockets' one is busy."""

    def __init__(self, port: int) -> None:
        self.seconds: list[float] = []
        command = [sys.executable, "-m", "benchmarks.storm", "--probe", str(port)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> "_Probe":
        assert self._process.stdout is not None
        self._process.stdout.readline()  # it has begun
        return self

    def __exit__(self, *_: object) -> None:
        answered, _nothing = self._process.communicate("stop\n")
        self.seconds = json.loads(answered)


async def probe(port: int) -> None:
    """Ask for /livez until there is a line to read, and print the seconds of each."""
    seconds: list[float] = []
    connection = await load.connect(port)
    request = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    await connection.ask(request)
    stopped = asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    print("begun", flush=True)
    while not stopped.done():
        at = time.perf_counter()
        await connection.ask(request)
        seconds.append(time.perf_counter() - at)
        await asyncio.sleep(PROBE_SECONDS)
    print(json.dumps(seconds))


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def show(side: Side) -> None:
    storms = side.storms
    seconds = median(max(storm.caught_up) for storm in storms)
    p50 = median(percentile(storm.caught_up, 0.5) for storm in storms)
    probes = [one for storm in storms for one in storm.livez]
    livez = percentile(probes, 0.99) * 1000
    cpu = median(storm.cpu / len(storm.caught_up) for storm in storms) * 1000
    print(
        f"{side.folder.name}: all caught up after {seconds:.2f} s (p50 {p50:.2f} s; goal {GOAL_SECONDS:g} s), "
        f"the first time {max(storms[0].caught_up):.2f} s; "
        f"/livez p99 {livez:.1f} ms (goal {GOAL_LIVEZ_MS:g} ms), "
        f"slowest {max(probes) * 1000:.1f} ms, N = {len(probes)}; "
        f"CPU of the server {cpu:.2f} ms for each connect; "
        f"{storms[0].kilobytes:.1f} kB for each socket (goal {GOAL_KB:g} kB)",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.storm", description=__doc__)
    parser.add_argument("checkouts", nargs="*", type=Path, default=[Path()])
    parser.add_argument("--database", choices=sorted(databases.DATABASES), default="postgres")
    parser.add_argument("--redis", help="the URL of a Redis; without one, the server is embedded")
    parser.add_argument("--sockets", type=int, default=1000)
    parser.add_argument("--missed", type=int, default=3, help="events that each has missed")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--probe", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.probe:
        asyncio.run(probe(options.probe))
        return
    Path("var").mkdir(exist_ok=True)
    with ExitStack() as running:
        sides = [Side(folder, options, running) for folder in options.checkouts]
        for turn in range(options.rounds):
            for side in sides if turn % 2 else sides[::-1]:
                side.storm()
        kind = f"{options.database}{' and Redis' if options.redis else ''}"
        print(f"{kind}: {options.sockets:,} sockets with {options.missed} missed events each, {options.rounds} rounds")
        for side in sides:
            show(side)


if __name__ == "__main__":
    main()
