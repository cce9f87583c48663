"""An answer between the thread that makes it and the client that reads it: first in memory, then in a temporary file.

The thread never waits for the client, so it is free, and its database connection with it, as soon as the last row is
made.
"""

import asyncio
import os
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import IO

MEMORY_BYTES = 1024 * 1024
PIECE_BYTES = 64 * 1024

# They read and write files for the event loop, which must not wait for a disk.
disks = ThreadPoolExecutor(4, thread_name_prefix="files")


class Abandoned(Exception):
    """Nobody reads the answer any more."""


class SpoolFull(Exception):
    """There is no room for more of the answer. `str()` says why."""


class Room:
    """How many bytes all spools of a process may keep on disk at once."""

    def __init__(self, total: int) -> None:
        self.left = total
        self._guard = threading.Lock()

    def take(self, size: int) -> None:
        """Raises SpoolFull."""
        with self._guard:
            if size > self.left:
                raise SpoolFull("those on their way to slow clients take too much room")
            self.left -= size

    def give_back(self, size: int) -> None:
        with self._guard:
            self.left += size


class Spool:
    """Bytes that one thread writes and the event loop reads, each at its own pace."""

    def __init__(self, loop: asyncio.AbstractEventLoop, room: Room) -> None:
        self._loop, self._room = loop, room
        self._guard = threading.Lock()  # held for moments only, never while anything is read or written
        self._more = asyncio.Event()
        self._memory = bytearray()
        self._file: IO[bytes] | None = None
        self._size = self._read = self._on_disk = 0
        self._abandoned = self._waits = False

    def write(self, chunk: bytes) -> None:
        """Add to the end. Raises Abandoned and SpoolFull."""
        if self._abandoned:
            raise Abandoned
        if self._file is None and self._size + len(chunk) <= MEMORY_BYTES:
            self._memory += chunk
        else:
            self._write_to_file(chunk)
        with self._guard:
            self._size += len(chunk)
            wake, self._waits = self._waits, False
        if wake:
            self._loop.call_soon_threadsafe(self._more.set)

    def _write_to_file(self, chunk: bytes) -> None:
        self._room.take(len(chunk))
        self._on_disk += len(chunk)
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - `close` closes it
            rest = memoryview(chunk)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise SpoolFull(f"it cannot be written to the temporary directory ({error.strerror})") from error

    @property
    def size(self) -> int:
        """How many bytes were written."""
        return self._size

    def abandon(self) -> None:
        """Make the next `write` fail: the client is gone."""
        self._abandoned = True
        self.wake()

    def wake(self) -> None:
        """Let `read` return even if there is nothing more. Called by the loop."""
        self._more.set()

    async def read(self) -> bytes:
        """Return the next piece; nothing if there is none so far, after waiting for one, or for `wake`."""
        with self._guard:
            available = self._size - self._read
            self._waits = not available
        if not available:
            await self._more.wait()
            self._more.clear()
            available = self._size - self._read
        in_memory = len(self._memory) if self._file is not None else self._size
        start, length = self._read, min(available, PIECE_BYTES)
        if start < in_memory:
            piece = bytes(self._memory[start : min(start + length, in_memory)])
        elif length:
            assert self._file is not None
            piece = await self._loop.run_in_executor(
                disks, os.pread, self._file.fileno(), length, start - len(self._memory)
            )
        else:
            piece = b""
        self._read += len(piece)
        return piece

    def close(self) -> None:
        """Free memory and disk. Nobody may write any more."""
        self._room.give_back(self._on_disk)
        if self._file is not None:
            self._file.close()
