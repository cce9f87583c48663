"""A Graph API on loopback that can misbehave: what a mock cannot show is a lost answer.

In a test: `with GraphDouble() as graph`, then `graph.url`, `graph.accepted`, `graph.queue(...)`. For crash tests
with real processes: `python -m tests.graph_double --port 9100 --state accepted.jsonl`, then `GET /_accepted` and
`POST /_faults` (see `Faults`). Accepted means: Meta has taken the message, whatever became of the answer.
"""

import argparse
import itertools
import json
import random
import socket
import struct
import threading
import time
import zlib
from collections import deque
from dataclasses import replace
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from tests.graph_rules import Known, refusal

Fault = dict[str, Any]


class Faults:
    """What goes wrong next. A fault is a dict:

    `{"kind": "slow", "seconds": 3}` answers late · `{"kind": "status", "status": 500}` without Meta's body ·
    `{"kind": "meta", "code": 131000, "status": 500, "details": "..."}` with it · `{"kind": "throttle",
    "retry_after": 7}` 429 · `{"kind": "drop"}` hangs up before taking the message · `{"kind": "take_and_drop"}`
    takes it and hangs up · `{"kind": "garbage"}` takes it and answers nonsense · `{"kind": "ok"}` · `{"kind":
    "trickle", "pause": 10, "head": 0}` takes it and answers one byte per pause, the headers too with `head` ·
    `{"kind": "endless", "packed": 0}` takes it, and the answer never ends, `packed` makes it small on the way.

    Queued ones come first, one per request; then one of `random` with the probability `rate`; a fault in
    `to` strikes every message to that recipient.
    """

    def __init__(self) -> None:
        self.queued: deque[Fault] = deque()
        self.rate = 0.0
        self.random: list[Fault] = []
        self.to: dict[str, Fault] = {}
        self.dice = random.Random(7)
        self._lock = threading.Lock()

    def configure(self, wanted: dict[str, Any]) -> None:
        """Replace what is named in `wanted`: `queue`, `rate`, `random`, `to`, `seed`."""
        with self._lock:
            if "queue" in wanted:
                self.queued = deque(wanted["queue"])
            self.rate = wanted.get("rate", self.rate)
            self.random = wanted.get("random", self.random)
            self.to = wanted.get("to", self.to)
            if "seed" in wanted:
                self.dice = random.Random(wanted["seed"])

    def next(self, recipient: str) -> Fault:
        with self._lock:
            if self.queued:
                return self.queued.popleft()
            if recipient in self.to:
                return self.to[recipient]
            if self.random and self.dice.random() < self.rate:
                return self.dice.choice(self.random)
        return {"kind": "ok"}


class GraphDouble:
    """The server. `accepted` holds the messages taken, in order: `{wamid, body, headers, path, at}`."""

    def __init__(self, port: int = 0, state: Path | None = None) -> None:
        self.faults = Faults()
        # Products, flows and files that exist at Meta, beside those that were uploaded (tests/graph_rules.py).
        self.known = Known()
        self.accepted: list[dict[str, Any]] = []
        # What was refused, because Meta would refuse it.
        self.refused: list[dict[str, Any]] = []
        self.requests = 0
        # How often Patter hung up in the middle of an answer.
        self.cut = 0
        # What answers say about the recipient beside `input`, if not what was dialled.
        self.contact: Any = None
        # What the double was told beside messages: uploaded files, read messages; what each account's templates are.
        self.uploads: list[dict[str, Any]] = []
        self.upload_faults: deque[Fault] = deque()
        # The ids of files that Meta still has. Only for tests that put it to the question.
        self.kept: set[str] = set()
        self.forgets = False
        self.read: list[dict[str, Any]] = []
        self.templates: dict[str, list[dict[str, Any]]] = {}
        # What it answers to questions about tokens, apps, accounts and numbers: the path without the version -> a body,
        # or a status with a body. `asked` holds those questions, as (method, path, query, bearer).
        self.says: dict[str, Any] = {}
        self.asked: list[tuple[str, str, dict[str, str], str]] = []
        self._state = state
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        if state is not None and state.exists():
            self.accepted = [json.loads(line) for line in state.read_text().splitlines()]
        handler = type("Handler", (_Handler,), {"double": self})
        self._server = _Server(("127.0.0.1", port), handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "GraphDouble":
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def serve(self) -> None:
        self._server.serve_forever()

    def queue(self, *faults: Fault | str) -> None:
        """Let these happen to the next requests, one each; a text is a fault without more to say."""
        self.faults.queued.extend({"kind": fault} if isinstance(fault, str) else fault for fault in faults)

    def refusal(self, body: dict[str, Any]) -> tuple[int, str] | None:
        """The code and the details with which Meta refuses this message, if it does."""
        templates = [row for rows in self.templates.values() for row in rows] + self.known.templates
        uploaded = {upload["id"] for upload in self.uploads}
        known = replace(self.known, media=self.known.media | uploaded, templates=templates)
        return refusal(body, known)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [taken["body"] for taken in self.accepted]

    def take(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> str:
        """Accept a message: from here on it is on its way to the customer."""
        with self._lock:
            wamid = f"wamid.DOUBLE{time.time_ns()}{next(self._numbers):06d}"
            taken = {"wamid": wamid, "path": path, "headers": headers, "body": body, "at": time.time()}
            self.accepted.append(taken)
            if self._state is not None:
                with self._state.open("a") as file:
                    file.write(json.dumps(taken) + "\n")
        return wamid


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed hangs up in the middle; that is what these tests are for."""


class _Handler(BaseHTTPRequestHandler):
    double: ClassVar[GraphDouble]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/_accepted":
            return self._answer(200, self.double.accepted)
        if urlsplit(self.path).path.endswith("/message_templates"):
            return self._templates()
        if self._said("GET"):
            return None
        return self._answer(404, {"error": {"message": "Unknown path", "type": "GraphMethodException", "code": 100}})

    def _said(self, method: str, body: dict[str, str] | None = None) -> bool:
        """Answer a question that the test has an answer for; return whether it has."""
        address = urlsplit(self.path)
        path = address.path.partition("/v")[2].partition("/")[2]
        query = {name: values[0] for name, values in parse_qs(address.query).items()} | (body or {})
        bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
        self.double.asked.append((method, path, query, bearer))
        if path not in self.double.says:
            return False
        said = self.double.says[path]
        if callable(said):
            said = said(method, query, bearer)
        status, body = said if isinstance(said, tuple) else (200, said)
        self._answer(status, body)
        return True

    def _templates(self) -> None:
        """Two a page, so that whoever reads them has to turn pages."""
        address = urlsplit(self.path)
        account = address.path.split("/")[-2]
        if account not in self.double.templates:
            return self._answer(400, meta_error(100, "Unsupported get request"))
        at = int(parse_qs(address.query).get("after", ["0"])[0])
        rows = self.double.templates[account]
        more = {"next": "https://elsewhere.invalid", "cursors": {"after": str(at + 2)}} if at + 2 < len(rows) else {}
        return self._answer(200, {"data": rows[at : at + 2], "paging": more})

    def _upload(self, raw: bytes) -> None:
        fault = self.double.upload_faults.popleft() if self.double.upload_faults else {"kind": "ok"}
        if fault["kind"] == "drop":
            return self._hang_up()
        if fault["kind"] == "trickle":
            return self._trickle(fault["pause"], head=False)
        if fault["kind"] == "meta":
            return self._answer(fault.get("status", 400), meta_error(fault["code"]))
        if refused := refused_file(self.headers.get("Content-Type", ""), raw):
            return self._answer(400, meta_error(100, refused))
        upload = {"id": str(7000 + len(self.double.uploads)), "path": self.path, "body": raw}
        self.double.kept.add(upload["id"])
        self.double.uploads.append(upload)
        return self._answer(200, {"id": upload["id"]})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        chunked = self.headers.get("Transfer-Encoding") == "chunked"
        raw = self._chunks() if chunked else self.rfile.read(length)
        if not chunked and len(raw) < length:
            return self._hang_up()  # whoever sent this was killed in the middle: nothing was asked for
        if self.path.endswith("/media"):
            return self._upload(raw)
        # The picture of a profile is posted as it is.
        body = json.loads(raw or b"{}") if "/upload:" not in self.path else {}
        if body.get("status") == "read":
            self.double.read.append(body)
            return self._answer(200, {"success": True})
        if self.path == "/_faults":
            self.double.faults.configure(body)
            return self._answer(200, {})
        if not self.path.endswith("/messages"):
            if self._said("POST", body):
                return None
            return self._answer(404, {"error": {"message": "Unknown path", "type": "OAuthException", "code": 100}})
        self.double.requests += 1
        return self._message(body, self.double.faults.next(str(body.get("to") or body.get("recipient"))))

    def do_DELETE(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        if not self._said("DELETE", body):
            self._answer(404, {"error": {"message": "Unknown path", "type": "OAuthException", "code": 100}})

    def _message(self, body: dict[str, Any], fault: Fault) -> None:
        content = body.get(body.get("type", ""))
        media_id = content.get("id") if isinstance(content, dict) else None
        if self.double.forgets and media_id is not None and media_id not in self.double.kept:
            kind = body["type"]
            said = f"Param {kind}['id'] is not a valid whatsapp business account media attachment ID"
            return self._answer(400, meta_error(100, said))
        kind = fault["kind"]
        if kind == "drop":
            return self._hang_up()
        if kind == "status":
            body = fault.get("body", "<html>upstream</html>").encode()
            return self._send(fault["status"], body, "text/html", fault.get("headers", {}))
        if kind == "throttle":
            headers = {"Retry-After": str(fault["retry_after"])} if "retry_after" in fault else {}
            return self._answer(429, meta_error(130429, "Rate limit hit"), headers)
        if kind == "meta":
            details = fault.get("details", "")
            said = meta_error(fault["code"], fault.get("message", ""), details)
            if fault.get("subcode") is not None:
                said["error"]["error_subcode"] = fault["subcode"]
            return self._answer(fault.get("status", 400), said)
        if kind == "slow":
            time.sleep(fault["seconds"])
        if (refused := self.double.refusal(body)) is not None:
            self.double.refused.append(body)
            return self._answer(400, meta_error(refused[0], "refused", refused[1]))
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        wamid = self.double.take(self.path, headers, body)
        if kind == "take_and_drop":
            return self._hang_up()
        if kind == "trickle":
            return self._trickle(fault["pause"], head=bool(fault.get("head")))
        if kind == "endless":
            return self._endless(packed=bool(fault.get("packed")))
        if kind == "garbage":
            return self._send(200, fault.get("body", "<html>oops</html>").encode(), "text/html")
        recipient = body.get("to") or body.get("recipient")
        said: Any = {"wa_id": recipient} if body.get("to") else {}
        if self.double.contact is not None:
            said = self.double.contact
        contact = {"input": recipient, **said} if isinstance(said, dict) else said
        self._answer(200, {"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": wamid}]})

    def _trickle(self, pause: float, *, head: bool) -> None:
        self.close_connection = True
        start = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
        slowly = start + b" " * 1000 if head else b" " * 1000
        try:
            self.wfile.write(b"" if head else start)
            for at in range(len(slowly)):
                self.wfile.write(slowly[at : at + 1])
                time.sleep(pause)
        except OSError:
            self.double.cut += 1

    def _endless(self, *, packed: bool) -> None:
        self.close_connection = True
        packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            while True:
                self.wfile.write(packer.compress(b" " * 1024 * 1024) if packed else b" " * 64 * 1024)
        except OSError:
            self.double.cut += 1

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline().strip() or b"0", 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _hang_up(self) -> None:
        """Reset the connection, as a crashed proxy does."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _answer(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(value).encode(), "application/json", headers or {})

    def _send(self, status: int, body: bytes, content_type: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the accepted list says it all."""


# What Meta takes as a file: by how it begins, where that is plain, and its largest size in MB.
_TAKEN: dict[str, tuple[bytes, int]] = {
    "image/jpeg": (b"\xff\xd8\xff", 5),
    "image/png": (b"\x89PNG", 5),
    "image/webp": (b"RIFF", 1),
    "audio/ogg": (b"OggS", 16),
    **dict.fromkeys(("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "video/mp4", "video/3gpp"), (b"", 16)),
}


def refused_file(content_type: str, raw: bytes) -> str:
    """Why Meta would not take an upload; empty if it would. Documents are all taken."""
    form = BytesParser().parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + raw)
    parts = {part.get_param("name", header="content-disposition"): part for part in form.get_payload()}
    file = parts["file"].get_payload(decode=True)
    mime_type = parts["type"].get_payload(decode=True).decode().partition(";")[0]
    if mime_type.partition("/")[0] not in ("image", "audio", "video"):
        return ""
    if mime_type not in _TAKEN:
        return f"Param file must be a file with one of the following types: {', '.join(_TAKEN)}. Received {mime_type}"
    begins, megabytes = _TAKEN[mime_type]
    if not file.startswith(begins):
        return "Media upload error: the file is not of its type"
    if len(file) > megabytes * 1024 * 1024:
        return "Media upload error: the file is too large"
    if mime_type == "audio/ogg" and file[file.find(b"OpusHead") + 9] != 1:
        return "Media upload error: the sound has several channels"
    return ""


def meta_error(code: int, message: str = "", details: str = "") -> dict[str, Any]:
    """An error body as Meta writes it."""
    error = {"message": f"(#{code}) {message}", "type": "OAuthException", "code": code, "fbtrace_id": "Az8or2yhqkZfEZ"}
    return {"error": {**error, "error_data": {"messaging_product": "whatsapp", "details": details}}}


def main() -> None:
    parser = argparse.ArgumentParser(description="A Graph API double for crash tests.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, help="file that accepted messages are appended to, one JSON per line")
    options = parser.parse_args()
    GraphDouble(options.port, options.state).serve()


if __name__ == "__main__":
    main()
