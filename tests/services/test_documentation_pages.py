"""Swagger UI, ReDoc and the guide in a real browser against a real server."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.services.harness import Server, demo_environment
from tests.services.test_browser import BROWSER, chromium

TOKEN_SECONDS = 6
_SERVE = f"""
import sys, uvicorn
from config.asgi import application
from django.conf import settings
settings.ACCESS_TOKEN_MINUTES = {TOKEN_SECONDS / 60}
uvicorn.main(["config.asgi:application", *sys.argv[1:]])
"""


@pytest.fixture(scope="module")
def server(demo_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Patter with the demo data, whose access tokens work for some seconds."""
    folder = tmp_path_factory.mktemp("pages")
    own = shutil.copy(demo_database, folder)
    env = demo_environment(f"sqlite:///{own}", "", folder)
    server = Server(env, folder / "server.log")
    server.argv = [
        sys.executable,
        "-c",
        _SERVE,
        "--host",
        "127.0.0.1",
        "--port",
        str(server.port),
        "--no-server-header",
    ]
    server.start()
    yield server
    server.kill()


def test_the_pages_do_what_they_should(server: Server) -> None:
    command = ["node", "docs.mjs", server.url, chromium()]
    done = subprocess.run(command, cwd=BROWSER, capture_output=True, text=True, timeout=600)

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{server.output()[-3000:]}"
    # Sign-ins that ended by themselves would be 401.
    assert "POST api/auth/refresh/ 401" not in server.output()


@pytest.mark.parametrize("path", ["/api/docs/", "/api/redoc/", "/api/guide/", "/swagger/"])
def test_the_pages_allow_no_other_host(server: Server, path: str) -> None:
    headers = httpx.get(f"{server.url}{path}", trust_env=False).headers
    policy = headers["Content-Security-Policy"]

    sources = {source for rule in policy.split("; ") for source in rule.split()[1:]}
    assert sources <= {"'self'", "'none'", "'unsafe-inline'", "data:", "blob:"}
    assert "script-src 'self';" in policy
    assert "Server" not in headers
