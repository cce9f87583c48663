"""A TCP relay between Patter and one of its servers, which can be shut, paused and cut."""

import contextlib
import socket
import struct
import threading
import time


class Gate:
    """Listens on a port of its own and passes everything on to `target`, unless it is told otherwise."""

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self._lock = threading.Lock()
        # Each with the first bytes that came from it.
        self._connections: dict[socket.socket, bytes] = {}
        self._flowing = threading.Event()
        self._flowing.set()
        self._listener = _listener(0)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def __enter__(self) -> "Gate":
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()

    def shut(self) -> None:
        """Refuse connections, and reset those there are."""
        # Closing alone does not wake the thread that waits for connections, and the port would stay open.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def open(self) -> None:
        """Accept connections again, on the same port."""
        self._listener = _listener(self.port)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def pause(self) -> None:
        """Let nothing through in either direction; connections stay."""
        self._flowing.clear()

    def resume(self) -> None:
        self._flowing.set()

    def cut(self, beginning: bytes = b"") -> None:
        """Reset all connections, as a server that restarts; or only those whose clients began with these bytes."""
        with self._lock:
            chosen = [one for one, began in self._connections.items() if began.startswith(beginning)]
            for connection in chosen:
                del self._connections[connection]
        for connection in chosen:
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self.target, timeout=10)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            with self._lock:
                self._connections |= {client: b"", server: b""}
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                with self._lock:
                    if self._connections.get(source) == b"":
                        self._connections[source] = piece
                self._flowing.wait()
                sink.sendall(piece)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def _listener(port: int) -> socket.socket:
    deadline = time.monotonic() + 5
    while True:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            listener.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            listener.listen(128)
            return listener
