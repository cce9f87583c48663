"""A PostgreSQL of our own with a standby that follows it, as `pg_basebackup --write-recovery-conf` makes one."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg
import pytest

from tests.services.databases import Database
from tests.services.harness import free_port, wait_for

_FAST = "-c fsync=off -c shared_buffers=32MB -c max_connections=60 -c unix_socket_directories=''"


def programs() -> Path:
    """Where initdb and the others are; Debian keeps them out of the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_basebackup")) or [
        Path(shutil.which("pg_basebackup") or "")
    ]
    if not found[-1].name:
        pytest.skip("pg_basebackup is not installed")
    return found[-1].resolve().parent


class Server:
    """One of the two. PostgreSQL refuses to run as root: then it runs as its own user."""

    def __init__(self, folder: Path, name: str) -> None:
        self.data, self.port, self.log = folder / name, free_port(), folder / f"{name}.log"

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def database(self) -> Database:
        return Database(self.url)

    def run(self, program: str, *arguments: str) -> None:
        as_owner = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        argv = [*as_owner, str(programs() / program), *arguments]
        done = subprocess.run(argv, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        assert done.returncode == 0, done.stdout[-3000:]

    def start(self) -> None:
        options = f"-c port={self.port} -c listen_addresses=127.0.0.1 {_FAST}"
        self.run("pg_ctl", "start", "-w", "-D", str(self.data), "-l", str(self.log), "-o", options)

    def stop(self) -> None:
        if (self.data / "postmaster.pid").exists():
            self.run("pg_ctl", "stop", "-D", str(self.data), "-m", "immediate")


class Pair:
    """Use as a context manager: a primary and its standby, both running."""

    def __enter__(self) -> "Pair":
        self.folder = Path(tempfile.mkdtemp(prefix="patter-standby-"))
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
        self.primary, self.standby = Server(self.folder, "primary"), Server(self.folder, "standby")
        data = ["-D", str(self.primary.data)]
        self.primary.run(
            "initdb", *data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8"
        )
        self.primary.start()
        follow = ["-D", str(self.standby.data), "--write-recovery-conf", "--checkpoint=fast", "--no-sync"]
        self.standby.run("pg_basebackup", "-d", self.primary.url, *follow)
        self.standby.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.standby.stop()
        self.primary.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def catch_up(self) -> None:
        """Wait until the standby knows everything that is committed by now."""
        at = self.primary.database.value("SELECT pg_current_wal_lsn()::text")
        with psycopg.connect(self.standby.url, autocommit=True) as standby:
            behind = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
            wait_for("the standby", lambda: (standby.execute(behind, [at]).fetchone() or [False])[0])
