"""scripts/try_tags.py against a live server: every check passes, and it takes away what it made."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from customers.models import Customer
from tags.models import Tag
from tests.cast import PASSWORD
from tests.live_server import LiveServer

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.django_db(transaction=True)


def run(server: LiveServer, *options: str, **more: Any) -> subprocess.CompletedProcess[str]:
    accounts = [
        f"--{name}={login}:{PASSWORD}" for name, login in (("user", "sam"), ("other", "stella"), ("admin", "ada"))
    ]
    command = [sys.executable, "scripts/try_tags.py", "--url", server.url, *accounts, *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False, **more)


def test_everything_passes(server: LiveServer, owner: User, stranger: User, admin: User) -> None:
    done = run(server, "--auto")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAIL" not in done.stdout
    assert done.stdout.count("PASS") > 80
    assert not Customer.objects.exists()
    assert set(Tag.objects.values_list("name", flat=True)) == {"Whatsapp", "Telegram", "Instagram"}


def test_the_menu(server: LiveServer, owner: User, stranger: User, admin: User) -> None:
    done = run(server, input="2\n99\nnonsense\nq\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "add three" in done.stdout
    assert "replace by two" not in done.stdout


def test_it_says_what_stops_it(server: LiveServer, owner: User, stranger: User, admin: User) -> None:
    refused = run(server, "--auto", "--user=sam:wrong")
    assert refused.returncode == 1
    assert "sam cannot sign in" in refused.stderr
    nowhere = run(server, "--auto", "--url=http://127.0.0.1:9")
    assert nowhere.returncode == 1
    assert "No server at http://127.0.0.1:9" in nowhere.stderr
