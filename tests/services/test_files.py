"""Files through crashes, huge bodies and picture bombs, in real server processes."""

import os
import socket
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.services.harness import ROOT, Server, Stack, wait_for

DATA = "/api/message/customer-data/"
PDF = b"%PDF-1.7\n%%EOF\n"
KILLS = int(os.environ.get("FILE_KILLS", "1"))


class Person:
    """A salesperson of the stack with a customer, talking to one server."""

    def __init__(self, stack: Stack, server: Server) -> None:
        sales = stack.people["sales"][0]
        self.token: str = sales["token"]
        self.client = httpx.Client(
            base_url=server.url, headers={"Authorization": f"Bearer {self.token}"}, timeout=60, trust_env=False
        )
        self.customer: int = self.client.post("/api/customers/", json={"name": "Jane Roe"}).json()["id"]

    def upload(self, key: str, content: bytes = PDF, name: str = "contract.pdf") -> httpx.Response:
        fields = {"customer": str(self.customer), "key": key}
        return self.client.post(DATA, data=fields, files={"file": (name, content)})


@pytest.fixture
def server(stack: Stack) -> Server:
    server = stack.server()
    server.start()
    return server


@pytest.fixture
def person(stack: Stack, server: Server) -> Iterator[Person]:
    person = Person(stack, server)
    yield person
    person.client.close()


def stored(stack: Stack) -> set[str]:
    media = stack.root / "media"
    return {str(path.relative_to(media)) for path in media.rglob("*") if path.is_file()}


def named(stack: Stack) -> set[str]:
    """What rows say is stored."""
    return {name for (name,) in stack.database.query("SELECT file FROM customer_data_customerdata") if name}


def sweep(stack: Stack) -> None:
    """Sweep as if the last hours had passed."""
    then = time.time() - 7200
    for name in stored(stack):
        os.utime(stack.root / "media" / name, (then, then))
    command = [sys.executable, "manage.py", "sweep_files"]
    subprocess.run(command, cwd=ROOT, env=stack.env, check=True, timeout=60)


@pytest.mark.parametrize("point", ["F1", "F2"])
def test_kill_9_between_file_and_row_leaves_nothing_after_a_sweep(
    stack: Stack, server: Server, person: Person, point: str
) -> None:
    for number in range(KILLS):
        kept = person.upload(f"kept{number}").json()
        gone = person.upload(f"gone{number}").json()
        server.stop()
        server.start(PATTER_FAULT=f"{point}:kill")
        call: dict[str, Any] = {"method": "DELETE", "url": f"{DATA}{gone['id']}/"}
        if point == "F1":
            call = {"method": "PUT", "url": f"{DATA}{kept['id']}/", "files": {"file": ("new.pdf", PDF)}}
        with pytest.raises(httpx.TransportError):
            person.client.request(**call)
        server.wait_dead()
        assert len(stored(stack) - named(stack)) == 1, "the fault left no orphan: it did not strike"
        sweep(stack)
        assert stored(stack) == named(stack)
        server.start()
        assert person.client.get(kept["file"]).content == PDF
        assert person.client.get(f"{DATA}{gone['id']}/").status_code == (200 if point == "F1" else 404)


def resident_mib(server: Server) -> float:
    assert server.popen is not None
    for line in Path(f"/proc/{server.popen.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")


class Watch:
    """The most memory a server held while something went on."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.before = self.most = resident_mib(server)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.01):
            self.most = max(self.most, resident_mib(self.server))

    @property
    def growth(self) -> float:
        return self.most - self.before


def grey_png(side: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    pixels = zlib.compressobj(9)
    rows = b"".join(pixels.compress(bytes(side + 1)) for _ in range(side)) + pixels.flush()
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_picture_bomb_is_refused_unopened(server: Server, person: Person) -> None:
    bomb = grey_png(13_000)
    assert len(bomb) < 200 * 1024
    assert person.upload("warm", grey_png(10), "small.png").status_code == 201
    with Watch(server) as memory:
        for number in range(5):
            response = person.upload(f"bomb{number}", bomb, "id_card.png")
            assert response.status_code == 400
            assert "pixels" in response.json()["file"][0]
    sys.stdout.write(f"picture bomb: +{memory.growth:.1f} MiB\n")
    assert memory.growth < 100


def read_answer(connection: socket.socket) -> bytes:
    connection.settimeout(10)
    answer = BytesIO()
    try:
        while chunk := connection.recv(65536):
            answer.write(chunk)
            if b"\r\n\r\n" in answer.getvalue():
                break
    except OSError:
        pass  # reset by a server that had answered and closed
    return answer.getvalue()


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=x", "application/json"])
def test_a_chunked_gigabyte_is_refused_on_the_way(
    server: Server, person: Person, stack: Stack, content_type: str
) -> None:
    """No Content-Length to refuse it by: it is counted while it comes."""
    block = b"x" * (1024 * 1024)
    sent = 0
    with Watch(server) as memory, socket.create_connection(("127.0.0.1", server.port)) as connection:
        head = f"POST {DATA} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {person.token}\r\n"
        connection.sendall(f"{head}Content-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        try:
            for _ in range(1024):
                connection.sendall(b"100000\r\n" + block + b"\r\n")
                sent += 1
        except OSError:
            pass  # the server has heard enough
        answer = read_answer(connection)
    sys.stdout.write(
        f"chunked gigabyte ({content_type}): {sent} MiB taken, +{memory.growth:.1f} MiB, {answer[:12]!r}\n"
    )
    assert sent < 80, "the server went on reading"
    assert not answer or answer.startswith(b"HTTP/1.1 413")
    assert memory.growth < 100
    assert stored(stack) == set()
    assert person.upload("afterwards").status_code == 201


def test_a_declared_gigabyte_is_refused_at_once(server: Server, person: Person) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        head = f"POST {DATA} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {person.token}\r\n"
        more = f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {2**30}\r\n\r\n"
        connection.sendall((head + more).encode())
        assert read_answer(connection).startswith(b"HTTP/1.1 413")


def test_many_parts_are_refused(server: Server, person: Person) -> None:
    files: list[Any] = [(f"f{number}", ("a.pdf", PDF)) for number in range(10_000)]
    with Watch(server) as memory:
        response = person.client.post(DATA, data={"customer": str(person.customer), "key": "k"}, files=files)
    assert response.status_code == 400
    assert memory.growth < 100


def test_fifty_megabytes_go_in_and_come_out_in_bounded_memory(server: Server, person: Person, stack: Stack) -> None:
    content = PDF + os.urandom(50 * 1024 * 1024 - len(PDF))
    with Watch(server) as memory:
        row = person.upload("large", content).json()
        assert person.client.get(row["file"]).content == content
        assert person.client.get(row["file_url"], headers={"Range": "bytes=1000-1999"}).content == content[1000:2000]
    sys.stdout.write(f"50 MB up and down: +{memory.growth:.1f} MiB\n")
    assert memory.growth < 100
    assert person.upload("larger", content + b"x").status_code == 400
    wait_for("only the one file to be there", lambda: stored(stack) == named(stack), 5)
