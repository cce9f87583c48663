"""Clients generated from /swagger.json: they compile strictly, load in Node and do the tour of the README."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.harness import ROOT, Server, environment
from tests.services.test_browser import BROWSER

CLIENTS = BROWSER / "clients"
ASKED = "One more thing: do you have matching chairs?"


def run(*command: str | Path, env: dict[str, str] | None = None, cwd: Path = ROOT) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{command}\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Patter as `make run` starts it, with the demo data and the sandbox."""
    env = environment(f"sqlite:///{tmp_path}/patter.sqlite3", "", tmp_path, "")
    for command in (["migrate", "-v0"], ["seed_demo", "--force"]):
        run(sys.executable, "manage.py", *command, env=env)
    server = Server(env, tmp_path / "server.log")
    server.start()
    yield server
    server.kill()


def test_generated_clients_do_the_tour(server: Server, tmp_path: Path) -> None:
    if shutil.which("node") is None or not (BROWSER / "node_modules" / "swagger-typescript-api").is_dir():
        pytest.fail("Node.js or the test's packages are missing: run tests/browser/install.")
    made = tmp_path / "clients"
    shutil.copytree(CLIENTS, made)
    os.symlink(BROWSER / "node_modules", made / "node_modules")
    (made / "package.json").write_text('{"type": "module"}')

    run("node", "generate.mjs", server.url, made, cwd=made)
    sources = [f"{name}.ts" for name in ("client", "schema", "tour", "tour-fetch")]
    assert not any("@ts-nocheck" in (made / source).read_text() for source in sources)
    run("node", "node_modules/typescript/bin/tsc", "--project", ".", cwd=made)

    run(sys.executable, "manage.py", "whatsapp_say", "+447700900101", ASKED, "--url", server.url, env=server.env)
    for tour in ("tour.js", "tour-fetch.js"):
        assert run("node", tour, server.url, ASKED, cwd=made) == "The answer is read\n", server.output()[-3000:]
