"""A screen that loses its socket again and again: every event reaches it once, in order."""

import json
import random
import socket
import threading
import time
from dataclasses import dataclass

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.sync.client import ClientConnection, connect

from tests.services.harness import Server


@dataclass
class Followed:
    """What a screen saw."""

    events: int
    drops: int
    missing: int
    doubled: int
    resyncs: int


class Screen(threading.Thread):
    """Follows one chat from the event after `since`. Knows nothing but the number of the last event it took.

    After `between` events at random it drops the connection, unread frames and all, and connects again with
    `?last_seq=`. Nothing is sorted or deduplicated here.
    """

    def __init__(
        self, server: Server, token: str, customer: int, *, between: tuple[int, int], since: int = 0, seed: int = 7
    ) -> None:
        super().__init__(name="screen", daemon=True)
        self._url = f"ws://127.0.0.1:{server.port}/ws/chat/{customer}/"
        self._token, self._between, self._since = token, between, since
        self._dice = random.Random(seed)
        self._over = threading.Event()
        self.seqs: list[int] = []
        self.drops = self.resyncs = self.connections = 0
        self.quiet = threading.Event()  # set: drop no more, only follow

    @property
    def last(self) -> int:
        return self.seqs[-1] if self.seqs else self._since

    def run(self) -> None:
        while not self._over.is_set():
            try:
                with connect(
                    f"{self._url}?last_seq={self.last}",
                    subprotocols=["bearer", self._token],  # type: ignore[list-item]
                    open_timeout=5,
                    close_timeout=0.2,
                ) as connection:
                    self.connections += 1
                    self._follow(connection)
            except (OSError, TimeoutError, ConnectionClosed, InvalidHandshake, InvalidMessage):
                time.sleep(0.05)  # the server is down, or hung up

    def _follow(self, connection: ClientConnection) -> None:
        left = self._dice.randint(*self._between)
        while not self._over.is_set():
            try:
                frame = json.loads(connection.recv(timeout=0.2))
            except TimeoutError:
                continue
            if frame["type"] == "resync_required":
                self.resyncs += 1
            if "seq" not in frame:
                continue
            self.seqs.append(frame["seq"])
            left -= 1
            if left <= 0 and not self.quiet.is_set():
                self.drops += 1
                connection.socket.shutdown(socket.SHUT_RDWR)  # as when the train enters a tunnel
                return

    def end(self) -> None:
        self._over.set()
        self.join(10)

    def saw(self, head: int) -> Followed:
        """Compare with a log that ends with the number `head`."""
        return Followed(
            events=head - self._since,
            drops=self.drops,
            missing=len(set(range(self._since + 1, head + 1)) - set(self.seqs)),
            doubled=len(self.seqs) - len(set(self.seqs)) + (self.seqs != sorted(self.seqs)),
            resyncs=self.resyncs,
        )
