"""Bounds of an exchange with Meta: how long all of it may take, and how much may be answered.

httpx's own timeouts are for each read and write. A server that answers one byte every ten seconds keeps to all of them,
and one whose answer never ends fills the memory.
"""

import socket
import threading
import time
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

import httpcore
import httpx

# For a connection, and for each silence of the other side.
CONNECT_SECONDS, SILENCE_SECONDS = 5.0, 20.0
# For all of an exchange without a file, from looking up the address to the last byte of the answer. It ends before the
# lease of a message does, which is 30 s.
EXCHANGE_SECONDS = 28.0
# Meta's longest answers are lists of 100 templates, with a few KB for each.
MAX_ANSWER_BYTES = 1024 * 1024
# A file moves at least so fast, or its exchange ends: 100 MB, the largest, within UPLOAD_LEASE_SECONDS of
# messaging/relay/outbox.py, and within the five minutes that Meta's link to a file is good for.
UPLOAD_BYTES_PER_SECOND, DOWNLOAD_BYTES_PER_SECOND = 200_000, 600_000

# In how large pieces a body is sent: the time is looked at before each.
_PIECE = 64 * 1024

_thread = threading.local()


class AnswerTooLarge(httpx.ReadError):
    """The answer was longer than MAX_ANSWER_BYTES, and the rest of it was not read."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let all exchanges of this thread end within `seconds`, in place of EXCHANGE_SECONDS for each."""
    _thread.deadline = time.monotonic() + seconds
    try:
        yield
    finally:
        _thread.deadline = None


def seconds_for(size: int, *, bytes_per_second: int) -> float:
    """How long a file of `size` bytes may take."""
    return EXCHANGE_SECONDS + size / bytes_per_second


class BoundedClient(httpx.Client):
    """An HTTP client whose exchanges end in time, and whose answers have an end.

    With `stream=True` the caller reads the answer, within a size of its own and in a block `within(...)`.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(timeout=httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS), **options)
        # What this file can unpack without unpacking all of it.
        self.headers["Accept-Encoding"] = "gzip, deflate"
        for transport in (self._transport, *self._mounts.values()):
            if isinstance(transport, httpx.HTTPTransport):
                # httpx does not pass it on. It serves connections through a proxy as well.
                transport._pool._network_backend = _Network(transport._pool._network_backend)

    def send(self, request: httpx.Request, *, stream: bool = False, **options: Any) -> httpx.Response:
        if stream:
            return super().send(request, stream=True, **options)
        with nullcontext() if _deadline() is not None else within(EXCHANGE_SECONDS):
            response = super().send(request, stream=True, **options)
            try:
                content = _content(response)
            finally:
                response.close()
        plain = [(name, value) for name, value in response.headers.multi_items() if name not in _OF_THE_TRANSFER]
        return httpx.Response(response.status_code, headers=plain, content=content, request=request)


_OF_THE_TRANSFER = ("content-encoding", "content-length", "transfer-encoding")


def _content(response: httpx.Response) -> bytes:
    """The body, unpacked. Raises AnswerTooLarge, and httpx.DecodingError for one that is packed in another way."""
    raw = bytearray()
    for chunk in response.iter_raw():
        raw += chunk
        if len(raw) > MAX_ANSWER_BYTES:
            raise _too_large(response)
    packed = response.headers.get("Content-Encoding", "identity").strip().lower()
    if packed == "identity" or not raw:
        return bytes(raw)
    if packed not in ("gzip", "deflate"):
        raise httpx.DecodingError(f"the answer is packed as {packed!r}", request=response.request)
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)  # recognises both
    try:
        content = unpacker.decompress(bytes(raw), MAX_ANSWER_BYTES + 1)
    except zlib.error as error:
        raise httpx.DecodingError(str(error), request=response.request) from error
    if len(content) > MAX_ANSWER_BYTES:
        raise _too_large(response)
    if not unpacker.eof:
        raise httpx.DecodingError("the packed answer breaks off", request=response.request)
    return content


def _too_large(response: httpx.Response) -> AnswerTooLarge:
    return AnswerTooLarge(f"the answer is longer than {MAX_ANSWER_BYTES} bytes", request=response.request)


def _deadline() -> float | None:
    deadline: float | None = getattr(_thread, "deadline", None)
    return deadline


def _left(timeout: float | None, over: type[httpcore.TimeoutException]) -> float | None:
    """The seconds for one operation: its own timeout, or what is left of the exchange. Raises `over` if nothing is."""
    deadline = _deadline()
    if deadline is None:
        return timeout
    left = deadline - time.monotonic()
    if left <= 0:
        raise over("the exchange took too long")
    return left if timeout is None else min(timeout, left)


_guard = threading.Lock()
_lookups: dict[tuple[str, int], "Future[list[str]]"] = {}


def _addresses_of(host: str, port: int, seconds: float | None) -> list[str]:
    """Look a name up. Raises httpcore.ConnectError, and ConnectTimeout if there is no answer in time.

    The system's look-up knows no timeout, so it has a thread of its own, one for all who wait for the same name. It is
    a daemon: the end of the process does not wait for it.
    """
    with _guard:
        lookup = _lookups.get((host, port))
        if lookup is None:
            lookup = _lookups[host, port] = Future()
            threading.Thread(target=_look_up, args=(host, port, lookup), name="look-up", daemon=True).start()
    try:
        return lookup.result(seconds)
    except TimeoutError as error:
        raise httpcore.ConnectTimeout("the name was not resolved in time") from error
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error


def _look_up(host: str, port: int, lookup: "Future[list[str]]") -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except Exception as error:  # noqa: BLE001 - raised where the answer is awaited
        outcome = partial(lookup.set_exception, error)
    else:
        outcome = partial(lookup.set_result, [str(address[0]) for *_, address in found])
    with _guard:
        del _lookups[host, port]
    outcome()


class _Network(httpcore.NetworkBackend):
    """Connections that keep the deadline of the thread that uses them."""

    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError("the name has no address")
        for address in _addresses_of(host, port, _left(timeout, httpcore.ConnectTimeout)):
            seconds = _left(timeout, httpcore.ConnectTimeout)
            try:
                return _Stream(self._inner.connect_tcp(address, port, seconds, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            self._inner.write(buffer[start : start + _PIECE], _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        seconds = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, seconds))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
