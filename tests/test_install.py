"""What a newcomer sees of `make run`: that something happens while it installs, and why it failed if it did."""

import io
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import free_port, install

ROOT = Path(__file__).resolve().parent.parent
FAKE_PIP = """
import sys
for number in range(25):
    print(f"Collecting package-{number}>=1.0")
    print("  Downloading package.whl (1.2 MB)")
print("Installing collected packages: all of them")
if "broken.txt" in sys.argv:
    print("ERROR: No matching distribution found for package-24", file=sys.stderr)
    sys.exit(1)
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def fake_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "__init__.py").write_text("")
    (tmp_path / "pip" / "__main__.py").write_text(FAKE_PIP)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def test_a_line_now_and_then() -> None:
    out = io.StringIO()

    assert install.install("requirements.txt", out) == 0
    lines = out.getvalue().splitlines()
    assert "takes a minute or two" in lines[0]
    assert lines[1:] == ["  10 packages", "  20 packages", "Installed: 25 packages."]


def test_one_line_that_moves_on_a_terminal() -> None:
    out = Terminal()

    assert install.install("requirements.txt", out) == 0
    assert "\r\033[K  7 packages: package-6" in out.getvalue()
    assert out.getvalue().count("\n") == 2


def test_a_failure_says_why() -> None:
    out = io.StringIO()

    assert install.install("broken.txt", out) == 1
    assert "That failed. pip says:" in out.getvalue()
    assert "No matching distribution found for package-24" in out.getvalue()


@pytest.mark.parametrize("command", ["migrate", "doctor", "shell", "relay", "connect_number", "seed_demo", "check"])
def test_without_a_key_a_command_ends_with_one_line(command: str) -> None:
    refused = _without_settings("manage.py", command)

    assert refused.returncode == 1
    assert refused.stdout == ""
    (line,) = refused.stderr.splitlines()
    assert line.startswith("Set SECRET_KEY in .env")


@pytest.mark.parametrize("workers", [[], ["--workers", "2"]], ids=["one process", "workers"])
def test_without_a_key_a_server_ends_and_says_it(workers: list[str]) -> None:
    refused = _without_settings("-m", "uvicorn", "config.asgi:application", "--port", "0", *workers)

    assert "Set SECRET_KEY in .env" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert workers or len(refused.stderr.splitlines()) == 1


def test_help_works_without_settings() -> None:
    assert "migrate" in _without_settings("manage.py", "help").stdout


def _without_settings(*command: str) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )


def test_the_tour_leaves_nothing_in_the_shell() -> None:
    assert "export DEBUG" not in (ROOT / "README.md").read_text()


def test_a_port_that_is_taken() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert free_port.problem(port) == (
            f"Port {port} is taken. If that is Patter from this folder, stop it first. Otherwise choose another port: "
            "make run PORT=9000"
        )
        other.close()
        assert free_port.problem(port) is None


@pytest.mark.parametrize("port", ["", "0", "-1", "abc", "65536"])
def test_what_is_no_port(port: str) -> None:
    assert "must be a number from 1 to 65535" in (free_port.problem(port) or "")


def test_make_run_looks_at_the_port_before_anything_else() -> None:
    done = subprocess.run(["make", "-n", "run", "PORT=8123"], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.index('scripts/free_port.py "8123"') < done.stdout.index("manage.py migrate")
