"""The customer pane of the console, in a real browser against a real server with the demo data."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.harness import ROOT, Server, environment
from tests.services.test_browser import BROWSER, chromium


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Patter as `make run` starts it, with the demo data and the sandbox."""
    env = environment(f"sqlite:///{tmp_path}/patter.sqlite3", "", tmp_path, "")
    for command in (["migrate", "-v0"], ["seed_demo", "--force"]):
        subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=env, check=True, timeout=300)
    server = Server(env, tmp_path / "server.log")
    server.start()
    yield server
    server.kill()


def test_the_customer_pane_does_what_the_api_can(server: Server) -> None:
    driver = BROWSER / "console" / "customer.mjs"
    command = ["node", str(driver), server.url, chromium()]
    done = subprocess.run(command, cwd=BROWSER, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-6000:]}\n{server.output()[-3000:]}"
