"""scripts/try_tags.py against a live server: every check passes, and it deletes what it created."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from customers.models import Customer
from tags.models import Tag
from tests.cast import PASSWORD
from tests.live_server import LiveServer

ROOT = Path(__file__).resolve().parents[2]

Run = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(server: LiveServer, owner: User, stranger: User, admin: User) -> Run:
    """Run the script with options, against the server and with the accounts of the cast."""
    command = [sys.executable, "scripts/try_tags.py", "--url", server.url]
    for option, user in (("--user", owner), ("--other", stranger), ("--admin", admin)):
        command += [option, f"{user.username}:{PASSWORD}"]

    def started(*options: str, **more: Any) -> subprocess.CompletedProcess[str]:
        arguments = [*command, *options]
        return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False, **more)

    return started


def test_everything_passes(run: Run) -> None:
    done = run("--auto")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAIL" not in done.stdout
    assert done.stdout.count("PASS") > 80
    assert not Customer.objects.exists()
    assert set(Tag.objects.values_list("name", flat=True)) == {"Whatsapp", "Telegram", "Instagram"}


def test_the_menu(run: Run) -> None:
    done = run(input="2\n99\nnonsense\nq\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "add three tags" in done.stdout
    assert "replace all" not in done.stdout


def test_it_says_what_stops_it(run: Run) -> None:
    refused = run("--auto", "--user=sam:wrong")
    assert refused.returncode == 1
    assert "Cannot sign in as sam" in refused.stderr
    nowhere = run("--auto", "--url=http://127.0.0.1:9")
    assert nowhere.returncode == 1
    assert "No server at http://127.0.0.1:9" in nowhere.stderr
