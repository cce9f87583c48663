"""The commands of README.md and docs/operations/: typed as printed, on a machine whose system commands are doubles.

What is Patter's runs for real. `sudo`, `docker`, `systemctl` and their like note what they are asked, and refuse what
cannot be: a unit or a service that does not exist.
"""

import logging
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from core.logs import JsonLines
from tests.services.harness import ROOT, Start, free_port
from tests.services.nginx import NGINX, certify, compose

KEY = "only-for-this-test-0123456789-abcdefghijklmnopqrstuvwxyz-ABC"
SETTINGS = {"SECRET_KEY": KEY, "ALLOWED_HOSTS": "desk.example.com", "HTTPS_ONLY": "1", "WHATSAPP_SANDBOX": "1"}
DJANGOS = {"migrate", "createsuperuser"}
# Options in front of a command, and those that need other users, are left out; the rest is run.
DOUBLES = {
    "sudo": 'while [ "${1#-}" != "$1" ]; do shift 2; done; exec "$@"',
    "install": 'a=(); while [ $# -gt 0 ]; do case $1 in -o|-g) shift;; *) a+=("$1");; esac; shift; done\n'
    'exec /usr/bin/install "${a[@]}"',
    "git": '[ "$1" != clone ] || ln -s "$CHECKOUT"/* "$CHECKOUT"/.env.example "$3"/',
    "python3": '[ "$1 $2" != "-m venv" ] && exec "$PYTHON" "$@"; [ -e "$3" ] || ln -s "$VENV" "$3"',
    "pip": "test -f requirements.txt",
    "nginx": 'exec "$NGINX" -p "$ROOT" -c "$ROOT/nginx.conf" "$@"',
    **dict.fromkeys(("apt-get", "useradd", "usermod", "systemctl", "docker", "certbot"), ":"),
}


def blocks(document: str) -> list[str]:
    """The bash of a document, block by block."""
    found = re.findall(r"^( *)```bash\n(.*?)^ *```", (ROOT / document).read_text(), re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block) for _, block in found]


class Machine:
    """A blank machine. `calls` are those of its doubles."""

    def __init__(self, root: Path) -> None:
        self.root, self.home = root, root / "srv"
        for folder in ("bin", "srv", "etc/nginx/conf.d", "etc/systemd/system", "log"):
            (root / folder).mkdir(parents=True)
        certify(root / "etc/letsencrypt/live/desk.example.com")
        for name, does in DOUBLES.items():
            self.double(name, does)
        (root / "nginx.conf").write_text(
            f"pid {root}/nginx.pid; error_log {root}/log/error.log; events {{}} "
            f"http {{ include {root}/etc/nginx/conf.d/*; }}"
        )
        self.env = {
            "PATH": f"{root}/bin:/usr/local/bin:/usr/bin:/bin",
            "ROOT": str(root),
            "CHECKOUT": str(ROOT),
            "PYTHON": sys.executable,
            "VENV": str(Path(sys.executable).parent.parent),
            "NGINX": str(NGINX),
            "DATABASE_URL": f"sqlite:///{root}/patter.sqlite3",
            "MEDIA_ROOT": str(root / "media"),
        }

    def double(self, name: str, does: str) -> None:
        """Put a command in front of the one of this name."""
        file = self.root / "bin" / name
        file.write_text(f'#!/bin/bash\necho "{name} $*" >> "$ROOT/calls"\n{does}\n')
        file.chmod(0o755)

    def configure(self, **more: str) -> None:
        """Fill in `.env`, as the pages say between their commands."""
        (self.home / ".env").write_text("".join(f"{name}={value}\n" for name, value in {**SETTINGS, **more}.items()))
        self.env["ENV_FILE"] = str(self.home / ".env")

    def type(self, commands: str) -> str:
        commands = commands.replace("/srv/patter", str(self.home)).replace("/etc/", f"{self.root}/etc/")
        commands = commands.replace("/var/log/nginx", f"{self.root}/log").replace(".venv/bin/pip", "pip")
        for name, port in (("HTTPS_PORT", 443), ("HTTP_PORT", 80)):
            commands = commands.replace(f"{name}={port}", f"{name}=127.0.0.1:{free_port()}")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands],
            cwd=self.home,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    @property
    def calls(self) -> list[str]:
        return (self.root / "calls").read_text().splitlines()

    def check_calls(self) -> None:
        """What the doubles were asked could be: the units and the services are there."""
        services = compose()["services"]
        for call in self.calls:
            words = call.split()
            if words[0] == "systemctl":
                for unit in (word for word in words[2:] if word.startswith("patter-")):
                    assert (ROOT / "deploy/systemd" / unit).exists(), call
            if words[:2] == ["docker", "compose"] and words[2] in ("exec", "run", "up"):
                named = [word for word in words[3:] if not word.startswith("-")]
                named = named if words[2] == "up" else named[:1]
                assert set(named) <= set(services), call
            if words[:2] == ["docker", "compose"] and "manage.py" in words:
                command = words[words.index("manage.py") + 1]
                assert list(ROOT.glob(f"*/management/commands/{command}.py")) or command in DJANGOS, call


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    yield made
    made.check_calls()


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_install_and_upgrade_with_systemd(machine: Machine) -> None:
    *_, unpack, start, relay, proxy, renew = blocks("docs/operations/install.md")
    machine.type(unpack)
    machine.configure()
    machine.type(start)
    machine.type(relay)
    proxied = machine.type(proxy)
    machine.type(renew)

    units = {path.name for path in (machine.root / "etc/systemd/system").iterdir()}
    assert units >= {"patter-web.socket", "patter-web.service", "patter-relay.service", "patter-web.service.d"}
    assert "$" + "{" not in (machine.root / "etc/nginx/conf.d/patter.conf").read_text()
    assert "0 broken" in proxied
    upgrade, _, rollback = blocks("docs/operations/upgrade.md")
    assert "0 broken" in machine.type(upgrade)
    machine.type(rollback)
    assert "systemctl restart patter-web.service" in machine.calls
    assert "0 broken" in machine.type(blocks("docs/operations/watch.md")[0])


def test_install_and_upgrade_with_containers(machine: Machine) -> None:
    copy, start, renew = blocks("docs/operations/install.md")[:3]
    for path in (".env.example", "docker-compose.yml"):
        (machine.home / path).symlink_to(ROOT / path)
    machine.type(copy)
    machine.type(start)
    machine.type(renew)
    machine.type(blocks("docs/operations/upgrade.md")[1])
    machine.type(blocks("README.md")[4])

    assert (machine.home / "certificates/privkey.pem").exists()
    ups = [call for call in machine.calls if call.startswith("docker compose up --detach --no-deps")]
    assert [call.split()[-1] for call in ups] == ["web", "web2"]


def test_backup_and_restore_with_containers(machine: Machine) -> None:
    backup, restore = blocks("docs/operations/backup.md")[-2:]
    machine.configure()
    machine.type(backup)
    machine.type(restore)

    assert {path.name for path in (machine.home / "backup").iterdir()} == {"env", "patter.dump", "media.tar"}
    stop, *_, start = [call for call in machine.calls if re.match("docker compose (stop|up)", call)]
    assert (stop, start) == ("docker compose stop", "docker compose up --detach")


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
def test_what_is_found_in_the_log(machine: Machine) -> None:
    told = [
        {"msg": "a sign-in", "facts": {"event": "sign_in_failed", "request_id": "708014b40ef5924ab6bb1bc55fa0a1ad"}},
        {"msg": "a message", "facts": {"event": "message_failed"}},
        {"msg": "slow request", "name": "patter.slow", "facts": {"route": "api/customers/"}},
        {"msg": "a request", "name": "patter.access", "facts": {"route": "api/customers/"}},
    ]
    lines = [JsonLines().format(logging.makeLogRecord({"name": "patter", "levelname": "INFO", **one})) for one in told]
    (machine.root / "journal").write_text("\n".join(["INFO:     Uvicorn running", *lines, ""]))
    machine.double("journalctl", 'cat "$ROOT/journal"')

    found = machine.type(blocks("docs/operations/watch.md")[1])

    assert found.count('"a sign-in"') == 2  # as a failed one, and by its request id
    assert found.count('"a message"') == 1
    assert found.count('"route": "api/customers/"') == 1
    assert "Uvicorn" not in found


def test_the_readme_on_a_server(machine: Machine) -> None:
    (machine.home / "placeholder").touch()
    for name in ("manage.py", "requirements.txt", "config"):
        (machine.home / name).symlink_to(ROOT / name)
    machine.configure()
    _, _, one, several, _ = blocks("README.md")
    machine.type(_without_servers(one))
    # Its own addresses of PostgreSQL and Redis are examples.
    machine.type(_without_servers(re.sub(r"^export .*\n", "", several, flags=re.MULTILINE)))


def _without_servers(commands: str) -> str:
    """uvicorn and the relay do not end: of them only the options are read."""
    commands = re.sub(r"^(\.venv/bin/uvicorn .*?) *(#.*)?$", r"\1 --help > /dev/null", commands, flags=re.MULTILINE)
    relay = r"^(\.venv/bin/python manage.py relay) *(#.*)?$"
    return re.sub(relay, r"\1 --help > /dev/null", commands, flags=re.MULTILINE)


def test_the_tour(start: Start) -> None:
    server = start()
    done = subprocess.run(
        ["bash", "-uc", blocks("README.md")[1]],
        cwd=ROOT,
        env={**server.env, "PORT": str(server.port), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=180,
    )

    assert "The answer is read" in done.stdout, done.stdout + done.stderr


def test_what_realtime_says_shows_the_frames(start: Start) -> None:
    server = start()
    typed = {"username": "sam", "password": "patter-demo-sam-1"}
    token = httpx.post(f"{server.url}/api/auth/login/", json=typed, trust_env=False, timeout=30).json()["access"]
    found = httpx.get(
        f"{server.url}/api/customers/?search=447700900101",
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
    )
    (block,) = blocks("docs/realtime.md")
    block = block.replace("CUSTOMER_ID", str(found.json()["results"][0]["id"])).replace("ACCESS_TOKEN", token)
    done = subprocess.run(
        ["timeout", "10", "bash", "-c", f"exec {block.strip()}"],
        cwd=ROOT,
        env={**server.env, "PORT": str(server.port), "PYTHONUNBUFFERED": "1"},
        capture_output=True,
        text=True,
    )

    assert "ready" in done.stdout, done.stdout + done.stderr
