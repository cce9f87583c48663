"""What a process keeps on disk, and disks that are really full."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.harness import Process, Server


def kept_bytes(process: Process) -> int:
    """How many bytes the temporary files take that a process has open. They have no name, so no folder shows them."""
    assert process.popen is not None
    total = 0
    for descriptor in Path(f"/proc/{process.popen.pid}/fd").iterdir():
        try:
            file = descriptor.stat()
        except FileNotFoundError:
            continue  # closed meanwhile
        if file.st_nlink == 0:
            total += file.st_blocks * 512
    return total


def kept_of_strangers(server: Server, connections: int, size: int, path: str = "/api/messages/") -> int:
    """How many bytes of disk people hold who did not sign in, each with a body that is one byte short of `size`."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {size}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    )
    clients = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(connections)]
    try:
        for client in clients:
            try:
                client.sendall(head.encode() + b"x" * (size - 1))
            except OSError:
                pass  # refused: it reads no further
        time.sleep(1)  # until the last of it has been read
        return kept_bytes(server)
    finally:
        for client in clients:
            client.close()


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Mount a disk of this size during the block. Raises PermissionError if this machine does not let us."""
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(["mount", *options], capture_output=True).returncode != 0:
        raise PermissionError("no disk can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
