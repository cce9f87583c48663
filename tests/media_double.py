"""Meta's way of handing out files, on loopback: an id becomes a URL, the URL is opened with the same token."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class MediaDouble:
    """`files` by id. `answers` replaces what an id resolves to, alone or with a status before it; `urls` what a path of
    the file server answers: a status, or a status and headers. `asked` lists what was asked for, with the token."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.types: dict[str, str] = {}
        self.answers: dict[str, Any] = {}
        self.urls: dict[str, tuple[int, dict[str, Any]]] = {}
        self.asked: list[tuple[str, str]] = []
        handler = type("Handler", (_Handler,), {"double": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "MediaDouble":
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def keep(self, media_id: str, content: bytes, mime_type: str = "image/jpeg") -> None:
        self.files[media_id], self.types[media_id] = content, mime_type

    def described(self, media_id: str) -> dict[str, Any]:
        content = self.files[media_id]
        return {
            "messaging_product": "whatsapp",
            "url": f"{self.url}/files/{media_id}",
            "mime_type": self.types[media_id],
            "sha256": hashlib.sha256(content).hexdigest(),
            "file_size": len(content),
            "id": media_id,
        }

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


class _Handler(BaseHTTPRequestHandler):
    double: MediaDouble
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        double, path = self.double, self.path.partition("?")[0]
        double.asked.append((path, self.headers.get("Authorization", "")))
        media_id = path.rpartition("/")[2]
        if path in double.urls:
            status, more = double.urls[path]
            said = json.dumps(more).encode() if "error" in more else b""
            return self._answer(status, said, {} if said else more)
        if media_id not in double.files:
            return self._answer(404, b'{"error": {"code": 100}}', {})
        if path.startswith("/files/"):
            return self._answer(200, double.files[media_id], {"Content-Type": double.types[media_id]})
        answer = double.answers.get(media_id, double.described(media_id))
        status, answer = answer if isinstance(answer, tuple) else (200, answer)
        return self._answer(status, answer if isinstance(answer, bytes) else json.dumps(answer).encode(), {})

    def _answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
