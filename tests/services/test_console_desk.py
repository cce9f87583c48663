"""The console in headless Chromium against real servers: what salespeople do, and faults in the middle of it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.harness import ROOT, Redis, Server, environment
from tests.services.test_browser import BROWSER, chromium

Acts = dict[str, Callable[[], Any]]


def demo(database_url: str, redis_url: str, root: Path, **settings: str) -> dict[str, str]:
    """Migrate and fill a database as `make run` does, and return the environment of its servers."""
    env = {**environment(database_url, redis_url, root, ""), "DEBUG": "1", "ACCESS_TOKEN_MINUTES": "15", **settings}
    for command in (["migrate", "-v0"], ["seed_demo"]):
        subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=env, check=True, timeout=300)
    return env


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start Patter as `make run` does, with the demo data."""
    started: list[Server] = []

    def run(**settings: str) -> Server:
        server = Server(demo(f"sqlite:///{tmp_path}/patter.sqlite3", "", tmp_path, **settings), tmp_path / "server.log")
        server.start()
        started.append(server)
        return server

    yield run
    for server in started:
        server.kill()


def play(scenario: str, server: Server, acts: Acts | None = None) -> None:
    """Play a scenario of tests/browser/console, and do what it asks for meanwhile."""
    command = ["node", "run.mjs", server.url, chromium(), scenario]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=BROWSER / "console", stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True, env={**os.environ}
    ) as script:
        assert script.stdin is not None and script.stdout is not None
        said = []
        for line in script.stdout:
            said.append(line)
            if line.startswith("please "):
                (acts or {})[line.removeprefix("please ").strip()]()
                script.stdin.write("done\n")
                script.stdin.flush()
        assert script.wait(60) == 0, f"{''.join(said)}\n{server.output()[-3000:]}"


@pytest.mark.parametrize("scenario", ["tour", "composer", "handOver"])
def test_salespeople_work_in_the_console(start: Callable[..., Server], scenario: str) -> None:
    play(scenario, start())


def test_the_console_survives_faults(start: Callable[..., Server]) -> None:
    server = start()
    play("faults", server, {"kill": server.kill, "start": server.start})


def test_the_console_renews_its_tokens(start: Callable[..., Server]) -> None:
    play("expiry", start(ACCESS_TOKEN_MINUTES="1"))
