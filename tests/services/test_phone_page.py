"""A customer's phone at `/phone/`, in a real browser: what is written arrives, and what the desk sends is seen."""

import subprocess
from collections.abc import Iterator

import httpx
import pytest

from tests.services.harness import Stack, Stacks
from tests.services.test_browser import BROWSER, chromium


@pytest.fixture
def stack(stacks: Stacks) -> Iterator[Stack]:
    """Patter in the sandbox, on a developer's machine."""
    with stacks.stack("embedded") as made:
        made.env["DEBUG"] = "1"
        yield made


def test_a_customer_writes_on_the_phone(stack: Stack) -> None:
    server = stack.server()
    server.start()
    command = ["node", "phone.mjs", server.url, stack.admin_token, chromium()]
    done = subprocess.run(command, cwd=BROWSER, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{server.output()[-3000:]}"


def test_no_phone_in_production(stack: Stack) -> None:
    stack.env["DEBUG"] = "0"
    server = stack.server()
    server.start()
    for path in ("/phone/", "/sandbox/numbers/", "/sandbox/chats/+447700900555/"):
        assert httpx.get(server.url + path, trust_env=False).status_code == 404
