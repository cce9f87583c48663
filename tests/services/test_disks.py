"""Disks that are really full, and what people who did not sign in may keep on one."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.services.disk import kept_bytes, kept_of_strangers, small_disk
from tests.services.harness import Server, Stack, wait_for
from tests.services.meta import body_of, phones, signature, text_message

DATA = "/api/message/customer-data/"
# Room for three uploads of 3 MB, or for one while it passes through: its body, and then the file in it.
DISK_MB = 10


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with ExitStack() as until_the_end:
        try:
            mounted = until_the_end.enter_context(small_disk(tmp_path / "disk", DISK_MB))
        except PermissionError as error:
            pytest.skip(str(error))
        yield mounted


@pytest.fixture
def client(stack: Stack) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {stack.people['sales'][0]['token']}"}
    with httpx.Client(headers=headers, timeout=60, trust_env=False) as client:
        yield client


def started(stack: Stack, client: httpx.Client) -> tuple[Server, int]:
    """Return a running server, which `client` talks to, and a customer."""
    server, _ = stack.start()
    client.base_url = httpx.URL(server.url)
    customer: int = client.post("/api/customers/", json={"name": "Jane Roe"}).json()["id"]
    return server, customer


def upload(client: httpx.Client, customer: int, key: str, size: int) -> httpx.Response:
    content = b"%PDF-1.7\n" + b" " * size
    return client.post(DATA, data={"customer": str(customer), "key": key}, files={"file": ("offer.pdf", content)})


def files_on(disk: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in disk.rglob("*.pdf")}


@pytest.mark.parametrize("size", [600_000, 3_000_000], ids=["from memory", "from a temporary file"])
def test_media_root_is_full(stack: Stack, client: httpx.Client, disk: Path, size: int) -> None:
    stack.env["MEDIA_ROOT"] = str(disk)
    _, customer = started(stack, client)
    stored = []
    while (answer := upload(client, customer, f"k{len(stored)}", size)).status_code == 201:
        stored.append(answer.json()["id"])
        assert len(stored) < 20, "the disk is never full"

    assert (answer.status_code, answer.json()["code"]) == (507, "cannot_store")
    assert [kept // 1000 for kept in files_on(disk).values()] == [size // 1000] * len(stored), "a part was left"
    assert len(client.get(DATA, params={"customer": customer}).json()) == len(stored)
    assert client.delete(f"{DATA}{stored[0]}/").is_success
    wait_for("the room", lambda: len(files_on(disk)) < len(stored))
    assert upload(client, customer, "again", size).status_code == 201


def test_the_temporary_directory_is_full(stack: Stack, client: httpx.Client, disk: Path) -> None:
    stack.env["TMPDIR"] = str(disk)
    server, customer = started(stack, client)
    webhook = body_of(messages=[text_message(phones(1)[0], "wamid.FULL", "x" * 2_900_000)])
    ballast = disk / "ballast"
    ballast.write_bytes(b"x" * (DISK_MB - 1) * 1024 * 1024)

    def deliver(body: bytes) -> httpx.Response:
        return client.post("/api/webhook/", content=body, headers={"X-Hub-Signature-256": signature(body)})

    for refused in (upload(client, customer, "k", 2_900_000), deliver(webhook)):
        assert (refused.status_code, "Nothing was changed" in refused.text) == (503, True)
        assert int(refused.headers["Retry-After"]) > 0
    assert deliver(body_of(messages=[text_message(phones(1)[0], "wamid.SMALL", "hello")])).status_code == 200
    assert client.get("/readyz").status_code == 200
    assert kept_bytes(server) == 0
    ballast.unlink()
    assert upload(client, customer, "k", 2_900_000).status_code == 201
    assert deliver(webhook).status_code == 200


def test_strangers_keep_nothing_on_disk(stack: Stack) -> None:
    server, _ = stack.start()

    assert kept_of_strangers(server, connections=6, size=50_000_000) == 0
    assert kept_of_strangers(server, connections=6, size=1_000_000, path="/api/auth/login/") == 0


def test_what_is_kept_is_counted(stack: Stack, client: httpx.Client) -> None:
    """The tests above would also pass if `kept_bytes` saw nothing."""
    server, _ = started(stack, client)

    def slowly() -> Iterator[bytes]:
        yield b"x" * 2_000_000
        wait_for("a file", lambda: kept_bytes(server) >= 1_900_000, 20)
        yield b"x"

    client.post(DATA, content=slowly(), headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert kept_bytes(server) == 0
