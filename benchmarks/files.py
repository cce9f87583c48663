"""`python -m benchmarks.files [--rounds N]`: 50 MB up and down, against nginx serving the same file in the same run.

Needs nginx (`apt-get install nginx-light`). Patter runs embedded; with FILES_ACCEL_PREFIX nginx sends the file after
Patter has said yes, without it Patter sends it itself.
"""

import argparse
import http.client
import os
import secrets
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.services.harness import Server, Stacks, free_port, wait_for

MEGABYTES = 50
CONNECTIONS = 4
EACH = 3
DATA = "/api/message/customer-data/"

# The part of deploy/nginx/patter.conf.template that is measured here.
CONFIG = """
daemon off;
worker_processes 1;
error_log {root}/error.log;
pid {root}/nginx.pid;
events {{ worker_connections 64; }}
http {{
    access_log off;
    sendfile on;
    types {{ }}
    default_type application/octet-stream;
    client_max_body_size 51m;
    client_body_temp_path {root}/body;
    proxy_temp_path {root}/proxy;
    fastcgi_temp_path {root}/fastcgi;
    uwsgi_temp_path {root}/uwsgi;
    scgi_temp_path {root}/scgi;
    upstream patter {{ server 127.0.0.1:{patter}; keepalive 8; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://patter;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
        }}
        location /protected/ {{
            internal;
            alias {media}/;
            add_header X-Content-Type-Options nosniff always;
            add_header Content-Security-Policy "sandbox; default-src 'none'" always;
        }}
        location /floor/ {{ alias {media}/; }}
        location /store/ {{ alias {root}/store/; dav_methods PUT; create_full_put_path on; }}
    }}
}}
"""


class Client:
    """One kept-alive connection that reads into one buffer, so that little of the time is its own."""

    def __init__(self, port: int, token: str = "") -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.buffer = memoryview(bytearray(1024 * 1024))

    def download(self, path: str) -> tuple[float, http.client.HTTPResponse]:
        """Return the seconds it took and the response, after checking the length."""
        began = time.perf_counter()
        self.connection.request("GET", path, headers=self.headers)
        response = self.connection.getresponse()
        assert response.status == 200, (path, response.status, response.read(500))
        length = 0
        while count := response.readinto(self.buffer):
            length += count
        seconds = time.perf_counter() - began
        assert length == MEGABYTES * 1024 * 1024
        return seconds, response

    def send(self, method: str, path: str, body: bytes, content_type: str) -> float:
        began = time.perf_counter()
        self.connection.request(method, path, body, {**self.headers, "Content-Type": content_type})
        response = self.connection.getresponse()
        answer = response.read()
        assert response.status in (201, 204), (path, response.status, answer[:500])
        return time.perf_counter() - began


def form(customer: int, key: str, content: bytes) -> tuple[bytes, str]:
    boundary = secrets.token_hex(16)
    fields = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("customer", customer), ("key", key))
    )
    file = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="film.mp4"\r\n'
    head = f"{fields}{file}Content-Type: video/mp4\r\n\r\n".encode()
    return head + content + f"\r\n--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


@dataclass(frozen=True)
class Rates:
    """MB/s at the median, and the median of how the two sides of a round compare: both see the same load."""

    patter: float
    nginx: float
    ratio: float


def measure(rounds: int, patter: Callable[[], float], nginx: Callable[[], float], files: int = 1) -> Rates:
    """Take turns, so that what else the machine does falls on both. Each returns the seconds for `files` files."""
    patter(), nginx()
    pairs = [(patter(), nginx()) for _ in range(rounds)]
    ours, theirs = (statistics.median(seconds) for seconds in zip(*pairs, strict=True))
    moved = files * MEGABYTES
    return Rates(moved / ours, moved / theirs, statistics.median(floor / own for own, floor in pairs))


def in_parallel(clients: list[Client], path: str) -> float:
    """The seconds in which each client downloads the file EACH times, all at once."""

    def several(client: Client) -> None:
        for _ in range(EACH):
            client.download(path)

    began = time.perf_counter()
    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(several, clients))
    return time.perf_counter() - began


def start_nginx(root: Path, patter: Server, media: Path) -> tuple["subprocess.Popen[bytes]", int]:
    port = free_port()
    (root / "store").mkdir()
    config = root / "nginx.conf"
    config.write_text(CONFIG.format(root=root, port=port, patter=patter.port, media=media))
    root.chmod(0o755)
    user = ["-g", "user root;"] if os.getuid() == 0 else []
    process = subprocess.Popen(["nginx", "-c", str(config), *user])
    wait_for("nginx", lambda: not httpx.get(f"http://127.0.0.1:{port}/floor/", trust_env=False).is_success, 10)
    return process, port


def run(rounds: int, stacks: Stacks, root: Path) -> None:
    content = b"\x00\x00\x00\x18ftypmp42" + secrets.token_bytes(MEGABYTES * 1024 * 1024 - 12)
    with stacks.stack("embedded") as stack:
        accelerated, token = stack.server(), stack.people["admin"]["token"]
        accelerated.start(FILES_ACCEL_PREFIX="/protected/")
        nginx, port = start_nginx(root, accelerated, stack.root / "media")
        try:
            headers = {"Authorization": f"Bearer {token}"}
            made = httpx.post(f"{accelerated.url}/api/customers/", json={"name": "Jane"}, headers=headers)
            customer = made.json()["id"]
            through, direct = Client(port), Client(accelerated.port, token)
            numbers = iter(range(10**6))

            def upload(client: Client) -> float:
                return client.send("POST", DATA, *form(customer, f"key{next(numbers)}", content))

            def put() -> float:
                return through.send("PUT", f"/store/{next(numbers)}", content, "video/mp4")

            up = measure(rounds, lambda: upload(direct), put)
            row = httpx.get(f"{accelerated.url}{DATA}", headers=headers).json()[0]
            link = "/" + row["file_url"].split("/", 3)[3]  # what a page opens; good for longer than this takes
            floor = f"/floor/{row['file'].removeprefix('/media/')}"
            check(through.download(link)[1])
            one = measure(rounds, lambda: through.download(link)[0], lambda: through.download(floor)[0])
            clients = [Client(port) for _ in range(CONNECTIONS)]
            many = measure(
                rounds, lambda: in_parallel(clients, link), lambda: in_parallel(clients, floor), CONNECTIONS * EACH
            )
            accelerated.stop()
            accelerated.start()
            direct = Client(accelerated.port)
            own = measure(rounds, lambda: direct.download(link)[0], lambda: through.download(floor)[0])
        finally:
            nginx.terminate()
            nginx.wait(10)
    show("upload, multipart to Patter / PUT to nginx", up, None)
    show("download through X-Accel-Redirect, one connection", one, None)
    show(f"download through X-Accel-Redirect, {CONNECTIONS} connections", many, 0.9)
    show("download sent by Patter itself, one connection", own, None)


def check(response: Any) -> None:
    """What nginx adds to, and takes over from, Patter's answer."""
    wanted = {
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": 'inline; filename="film.mp4"',
        "Content-Type": "video/mp4",
        "Accept-Ranges": "bytes",
    }
    found = {name: response.headers.get_all(name) for name in wanted}
    assert found == {name: [value] for name, value in wanted.items()}, found


def show(what: str, rates: Rates, goal: float | None) -> None:
    verdict = "-" if goal is None else f">= {goal}: {'met' if rates.ratio >= goal else '**missed**'}"
    figures = f"{rates.patter:,.0f} MB/s | {rates.nginx:,.0f} MB/s | {rates.ratio:.2f}"
    print(f"| {what} | {figures} | {verdict} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    print(f"### Files of {MEGABYTES} MB\n\n| | Patter | nginx | ratio | goal |\n|---|---|---|---|---|")
    with Stacks() as stacks, tempfile.TemporaryDirectory(prefix="patter-nginx-") as root:
        run(rounds, stacks, Path(root))


if __name__ == "__main__":
    main()
