"""Servers under test: real uvicorn processes with one worker, on loopback."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

# As in production, but for the access log, which would be the same on both sides.
OPTIONS = ["--no-access-log", "--log-level", "warning"]
START_SECONDS = 30

PATTER = "config.asgi:application"


class Server:
    """One uvicorn process; a context manager. Killed at the end: a thousand sockets take long to say goodbye.

    `folder` is the checkout to run; None: this one.
    """

    def __init__(self, application: str, folder: Path | None = None, **environment: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        command = [sys.executable, "-m", "uvicorn", application, "--port", str(self.port), *OPTIONS]
        self.process = subprocess.Popen(command, cwd=folder, env={**os.environ, **environment})

    def cpu_seconds(self) -> float:
        """The processor time the server has used so far: steadier than rates on a machine with other work."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self) -> Self:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("the server did not start")
                time.sleep(0.05)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.process.kill()
        self.process.wait()
