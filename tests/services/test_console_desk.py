"""The console in headless Chromium against real servers: what salespeople do, and faults in the middle of it."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.services.harness import Relay, Server, Stacks, Start, demo_environment, manage
from tests.services.test_browser import BROWSER, chromium

Acts = dict[str, Callable[[], Any]]


def play(scenario: str, server: Server, acts: Acts | None = None) -> None:
    """Play a scenario of tests/browser/console, and do what it asks for meanwhile."""
    command = ["node", "run.mjs", server.url, chromium(), scenario]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command,
        cwd=BROWSER / "console",
        stdin=pipe,
        stdout=pipe,
        stderr=subprocess.STDOUT,
        text=True,
    ) as script:
        assert script.stdin is not None
        assert script.stdout is not None
        said = []
        for line in script.stdout:
            said.append(line)
            if line.startswith("please "):
                (acts or {})[line.removeprefix("please ").strip()]()
                script.stdin.write("done\n")
                script.stdin.flush()
        assert script.wait(60) == 0, f"{''.join(said)}\n{server.output()[-3000:]}"


SCENARIOS = ["tour", "crossing", "composer", "choices", "handOver", "keyboard", "screens", "states", "reports"]
SCENARIOS += ["overtaken", "manager", "numbers", "bubbles", "buttons", "news", "unloaded", "dialogs"]
SCENARIOS += ["refusedElsewhere", "arriving", "longTexts", "tooLong", "automatic", "refusedFiles", "foundShort"]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_salespeople_work_in_the_console(start: Start, scenario: str) -> None:
    play(scenario, start())


def test_the_first_who_takes_a_chat_gets_it(start: Start) -> None:
    play("claim", start(ASSIGNMENT_STRATEGY="manual", SALES_SEE_UNASSIGNED="1"))


def test_the_console_survives_faults(start: Start) -> None:
    server = start()
    play("faults", server, {"kill": server.kill, "start": server.start})


def test_the_console_renews_its_tokens(start: Start) -> None:
    play("expiry", start(ACCESS_TOKEN_MINUTES="1"))


def test_the_console_survives_an_absence_of_redis(stacks: Stacks, tmp_path: Path) -> None:
    with stacks.stack("services") as stack:
        assert stack.redis is not None
        env = demo_environment(stack.database.url, stack.redis.url, tmp_path)
        manage(env, "flush", "--noinput")
        manage(env, "seed_demo")
        server = Server(env, tmp_path / "server.log")
        relay = Relay(env, tmp_path / "relay.log")
        try:
            server.start()
            relay.start()
            play("redisAway", server, {"stop redis": stack.redis.kill, "start redis": stack.redis.start})
        finally:
            relay.kill()
            server.kill()
