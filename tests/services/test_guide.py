"""The examples of docs/api.md, as they stand, against a server with the demo data; and the page that shows them."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.services.harness import ROOT, Server, demo_environment

WRITTEN = "http://127.0.0.1:8000"
COMMANDS = {
    "bash": ["bash", "-euo", "pipefail"],
    "js": ["node", "--input-type=module"],
    "python": [sys.executable],
}
FIRST = "Sign in and users"
# One screen for each family of the API.
FAMILIES = (
    FIRST, "The desk: customers, messages, assignments", "Customers and their profiles", "Contacts", "Customer data",
    "Tags",
)  # fmt: skip


def examples() -> dict[tuple[str, str], str]:
    """What can be run, by heading and language; bodies in JSON show what to send."""
    found = {}
    for part in re.split(r"^## ", (ROOT / "docs/api.md").read_text(), flags=re.MULTILINE)[1:]:
        heading = part.partition("\n")[0]
        for language, code in re.findall(rf"^```({'|'.join(COMMANDS)})\n(.*?)^```$", part, re.MULTILINE | re.DOTALL):
            assert (heading, language) not in found, f"{heading} has two blocks in {language}"
            found[heading, language] = code
    return found


@pytest.fixture(scope="module")
def server(demo_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Patter as `make run` starts it, with the demo data and the sandbox."""
    folder = tmp_path_factory.mktemp("guide")
    own = shutil.copy(demo_database, folder)
    env = demo_environment(f"sqlite:///{own}", "", folder)
    server = Server(env, folder / "server.log")
    server.argv.remove("--no-access-log")
    server.start()
    yield server
    server.kill()


def test_each_family_has_an_example_in_each_language() -> None:
    assert set(examples()) == {(family, language) for family in FAMILIES for language in COMMANDS}


@pytest.mark.parametrize("language", COMMANDS)
@pytest.mark.parametrize("family", FAMILIES)
def test_an_example_runs_as_it_stands(server: Server, tmp_path: Path, family: str, language: str) -> None:
    if shutil.which(COMMANDS[language][0]) is None:
        pytest.fail(f"{COMMANDS[language][0]} is missing.")
    headings = dict.fromkeys((FIRST, family))
    code = "\n".join(examples()[heading, language] for heading in headings).replace(WRITTEN, server.url)
    env = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}

    # Twice, as people paste an example again.
    for _ in range(2):
        done = subprocess.run(
            COMMANDS[language], input=code, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=90
        )
        assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}\n{server.output()[-2000:]}"
    assert list(tmp_path.iterdir()) == []


def test_the_page_has_the_address_of_the_server(server: Server) -> None:
    page = httpx.get(f"{server.url}/api/guide/", trust_env=False)

    assert page.status_code == 200
    assert f"API={server.url}/api" in page.text
    assert WRITTEN not in page.text


WORN_OUT = {
    "js": """
session.access = 'worn.out.token';
await Promise.all([call('GET', '/team/'), call('GET', '/auth/me/')]);
""",
    "python": """
client.auth.tokens["access"] = "worn.out.token"
call("GET", "/team/")
call("GET", "/auth/me/")
""",
}


@pytest.mark.parametrize("language", WORN_OUT)
def test_an_example_renews_its_tokens(server: Server, language: str) -> None:
    code = examples()[FIRST, language].replace(WRITTEN, server.url) + WORN_OUT[language]
    renewed = "POST api/auth/refresh/ 200"
    before = server.output().count(renewed)
    env = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}

    done = subprocess.run(COMMANDS[language], input=code, env=env, capture_output=True, text=True, timeout=90)

    assert done.returncode == 0, done.stderr[-3000:]
    assert server.output().count(renewed) == before + 1
