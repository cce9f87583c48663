"""Sockets that are listened to all the time: what somebody heard, in which order."""

import json
import threading
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.services.harness import Server, wait_for

# What says who is there and who is typing, in a chat and in an inbox.
_PRESENCE = {"user_presence": "status", "presence": "status", "typing_indicator": "is_typing", "typing": "is_typing"}


class Ear(threading.Thread):
    """Somebody's socket. `heard` grows by `(who, status)` and `(who, is_typing)`; `seqs` are the numbers of events."""

    def __init__(self, server: Server, path: str, token: str, names: dict[int, str]) -> None:
        super().__init__(daemon=True)
        self._names = names
        self._connection = connect(
            f"ws://127.0.0.1:{server.port}{path}",
            subprotocols=["bearer", token],  # type: ignore[list-item]
            open_timeout=30,
            legacy=True,
            close_timeout=2,
        )
        self.heard: list[tuple[str, Any]] = []
        self.seqs: list[int] = []
        self.others: list[str] = []
        self.numbered: list[str] = []
        self.code: int | None = None
        self.ready: dict[str, list[str]] = {}
        self.start()
        wait_for("ready", lambda: self.ready or self.code, 30)

    def run(self) -> None:
        try:
            for text in self._connection:
                self._take(json.loads(text))
        except ConnectionClosed:
            pass
        finally:
            self.code = self._connection.protocol.close_code

    def _take(self, frame: dict[str, Any]) -> None:
        kind, data = frame["type"], frame.get("data", {})
        if kind == "ready":
            self.ready = {name: [self._who(who) for who in data[name]] for name in ("present", "typing")}
        elif kind in _PRESENCE:
            self.heard.append((self._who(data), data[_PRESENCE[kind]]))
            self.numbered += [kind] if "seq" in frame else []
        elif "seq" in frame:
            self.seqs.append(frame["seq"])
        else:
            self.others.append(kind)

    def _who(self, who: dict[str, Any]) -> str:
        return self._names[who.get("user", who)["id"]]

    def say(self, **frame: Any) -> None:
        """Send a frame."""
        self._connection.send(json.dumps(frame))

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
        self.join(5)
