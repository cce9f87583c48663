"""Everything that can be slow at once, and how long others wait meanwhile.

`python -m tests.services.stalls` is the slow part, a process of its own, so that what it costs is not mistaken for time
that the server takes. It reads a Stalls as JSON from its command line and goes on until it is terminated.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from urllib.parse import quote, urlsplit

from benchmarks.load import Connection, connect
from tests.services.bare import bare_server
from tests.services.harness import ROOT, Server, Stack
from tests.services.meta import body_of, phones, signature, text_message

EXPORT = "/api/customers-with-contacts/"
CODE = "/api/customers/customers/send_phone_code/"
BOUNDARY = "slow"
# Salespeople who may sign in (tests/services/stalls_seed.py).
PASSWORD = "mango-river-88"
LOGINS = tuple(f"seller{number}" for number in range(24))


# Milliseconds within which 99 of 100 are answered, whatever else goes on.
GOALS = {"livez": 50, "webhook": 500, "list": 1000}
# Settings under which nobody is refused for trying too often.
LIMITS = {
    "THROTTLE_LOGIN": "100000/min",
    "THROTTLE_PHONE_CODE": "100000/min",
    "WHATSAPP_CODE_TEMPLATE": "code:en",
}


@dataclass(frozen=True)
class Stalls:
    """How many there are of each kind of slow client."""

    url: str
    token: str
    readers: int = 0  # ask for an export, and read nothing
    sign_ins: int = 0  # sign in, again and again
    uploads: int = 0  # send one byte a second
    codes: list[str] = field(default_factory=list)  # tokens of customers who ask for a code, again and again


class Noise:
    """The slow clients. `answers` counts what they were told, by kind and status."""

    def __init__(self, stalls: Stalls) -> None:
        self.stalls = stalls
        parts = urlsplit(stalls.url)
        self.host, self.port = parts.hostname or "", parts.port or 80
        self.answers: Counter[str] = Counter()

    async def run(self) -> None:
        stalls = self.stalls
        loops = [self.read_nothing() for _ in range(stalls.readers)]
        loops += [self.sign_in(LOGINS[number]) for number in range(stalls.sign_ins)]
        loops += [self.upload() for _ in range(stalls.uploads)]
        loops += [self.ask_for_code(token) for token in stalls.codes]
        await asyncio.gather(*loops)

    async def _ask(self, kind: str, request: bytes) -> None:
        """Send a request on a connection of its own, and count the status."""
        try:
            reader, writer = await asyncio.open_connection(self.host, self.port)
            writer.write(request)
            status = (await reader.readline()).split(b" ")
            await reader.read()
            writer.close()
        except OSError:
            self.answers[f"{kind} broken"] += 1
            await asyncio.sleep(0.1)
        else:
            self.answers[f"{kind} {status[1].decode() if len(status) > 1 else 'broken'}"] += 1

    async def sign_in(self, name: str) -> None:
        body = f"username={name}&password={quote(PASSWORD)}".encode()
        head = "Content-Type: application/x-www-form-urlencoded"
        while True:
            self.answers["sign-in asked"] += 1
            await self._ask("sign-in", _request("POST", "/api/auth/login/", head, body))

    async def ask_for_code(self, token: str) -> None:
        while True:
            await self._ask("code", _request("POST", CODE, f"Authorization: Bearer {token}", b""))
            await asyncio.sleep(1)  # the answer used to take as long as Graph's; now it comes at once

    async def read_nothing(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            with socket.socket() as client:
                client.setblocking(False)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                await loop.sock_connect(client, (self.host, self.port))
                await loop.sock_sendall(
                    client, _request("GET", EXPORT, f"Authorization: Bearer {self.stalls.token}", b"")
                )
                self.answers["export asked"] += 1
                await asyncio.sleep(40)  # by then the server has given up

    async def upload(self) -> None:
        head = f"Authorization: Bearer {self.stalls.token}\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}"
        whole = _request("POST", "/api/messages/", head, b"x" * 1_000_000)
        while True:
            _, writer = await asyncio.open_connection(self.host, self.port)
            self.answers["upload begun"] += 1
            try:
                writer.write(whole[:400])
                for at in range(400, len(whole)):
                    await asyncio.sleep(1)
                    writer.write(whole[at : at + 1])
                    await writer.drain()
            except OSError:
                pass  # refused: begin again
            writer.close()


def _request(method: str, path: str, head: str, body: bytes) -> bytes:
    lines = (f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", head, f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


@contextmanager
def stalled(stalls: Stalls) -> Iterator[Counter[str]]:
    """Run the slow clients during the block. What they were told is in the counter afterwards."""
    answers: Counter[str] = Counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.services.stalls", json.dumps(asdict(stalls))],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield answers
    finally:
        out, _ = process.communicate("", timeout=30)
        answers.update(json.loads(out))


# --- Those who should not notice ---


@dataclass(frozen=True)
class Watched:
    """Seconds that each request took, by kind; and the answers that were not 200."""

    took: dict[str, list[float]]
    refused: Counter[str]


def watch(server: Server, token: str, seconds: float) -> Watched:
    """Ask for `/livez`, deliver webhooks and read a list, each some twenty or five times a second.

    Also ask a server that does nothing else (`bare`).
    """
    with bare_server() as bare:
        return asyncio.run(_watch(server, token, seconds, bare))


async def _watch(server: Server, token: str, seconds: float, bare: int) -> Watched:
    watched = Watched({"bare": [], "livez": [], "webhook": [], "list": []}, Counter())
    over = time.monotonic() + seconds

    async def repeat(kind: str, pause: float, request: Iterator[bytes], port: int = server.port) -> None:
        connection: Connection | None = None
        while time.monotonic() < over:
            began = time.perf_counter()
            try:
                connection = connection or await connect(port)
                await connection.ask(next(request))
            except Exception as error:  # noqa: BLE001 - whatever it is, somebody got no answer
                watched.refused[f"{kind}: {str(error)[:40]}"] += 1
                connection = None
            watched.took[kind].append(time.perf_counter() - began)
            await asyncio.sleep(pause)

    await asyncio.gather(
        repeat("bare", 0.05, _forever(_kept("GET", "/", "Accept: */*", b"")), bare),
        repeat("livez", 0.05, _forever(_kept("GET", "/livez", "Accept: */*", b""))),
        repeat("webhook", 0.2, _webhooks()),
        repeat("list", 0.2, _forever(_kept("GET", "/api/customers/", f"Authorization: Bearer {token}", b""))),
    )
    return watched


def _kept(method: str, path: str, head: str, body: bytes) -> bytes:
    return _request(method, path, head, body).replace(b"Connection: close\r\n", b"")


def _forever(request: bytes) -> Iterator[bytes]:
    while True:
        yield request


def _webhooks() -> Iterator[bytes]:
    senders = phones(20)
    for number in range(10**9):
        body = body_of(messages=[text_message(senders[number % 20], f"wamid.STALL{number}")])
        head = f"Content-Type: application/json\r\nX-Hub-Signature-256: {signature(body)}"
        yield _kept("POST", "/api/webhook/", head, body)


def seed(stack: Stack, *, customers: int, codes: int) -> list[str]:
    """Fill the stack's database; return tokens of customers who may ask for a code."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.services.stalls_seed", str(customers), str(codes)],
        cwd=ROOT,
        env=stack.env,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    tokens: list[str] = json.loads(done.stdout)
    return tokens


async def _main(stalls: Stalls) -> Counter[str]:
    noise = Noise(stalls)
    running = asyncio.create_task(noise.run())
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # until the caller closes it
    running.cancel()
    return noise.answers


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(_main(Stalls(**json.loads(sys.argv[1]))))))
    sys.stdout.flush()
    os._exit(0)  # what is left are only slow clients
