"""Servers under test: real uvicorn processes with one worker, on loopback."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

# As in production, but for the access log, which would be the same on both sides.
OPTIONS = ["--no-access-log", "--log-level", "warning"]
START_SECONDS = 60

PATTER = "config.asgi:application"


class Server:
    """One uvicorn process; a context manager. Killed at the end: a thousand sockets take long to say goodbye.

    `folder` is the checkout to run; None: this one. With several `workers` there is one more process above them.
    """

    def __init__(self, application: str, folder: Path | None = None, *, workers: int = 1, **environment: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        command = [sys.executable, "-m", *self.command(application), *(["--workers", str(workers)] * (workers > 1))]
        # A line for each message that is sent would hide the figures; of a server that fails, they say why.
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 - closed at the end
        environment = {**os.environ, **environment}
        # A group of its own, so that the workers end with it.
        self.process = subprocess.Popen(command, cwd=folder, env=environment, stderr=self.log, start_new_session=True)

    def command(self, application: str) -> list[str]:
        """The module that serves the application on `port`, and its arguments."""
        return ["uvicorn", application, "--port", str(self.port), *OPTIONS]

    def cpu_seconds(self) -> float:
        """The processor time the server has used so far: steadier than rates on a machine with other work."""
        return sum(_cpu_seconds(pid) for pid in (self.process.pid, *_children(self.process.pid)))

    def __enter__(self) -> Self:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.log.seek(0)
                    raise RuntimeError(f"the server did not start: {self.log.read().decode()[-2000:]}")
                time.sleep(0.05)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()


class Gunicorn(Server):
    """The same under gunicorn, as Django is usually run: one process with eight threads, and one above it."""

    def command(self, application: str) -> list[str]:
        threads = ["--worker-class", "gthread", "--threads", "8", "--keep-alive", "60"]
        return ["gunicorn", application, "--bind", f"127.0.0.1:{self.port}", *threads, "--log-level", "warning"]


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
