"""The compose file, where there is no container engine: it has the form of one, and its processes run as it says."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from websockets.sync.client import connect

from tests.services.harness import ROOT, Process, Stack, free_port, listens, wait_for
from tests.services.meta import APP_SECRET, body_of, signature, text_message
from tests.services.nginx import NGINX, Nginx, compose

SERVICES = compose()["services"]
KEY = "only-for-this-test-0123456789-abcdefghijklmnopqrstuvwxyz-ABC"
# What docs/operations/install.md tells people to set.
SET = {"SECRET_KEY": KEY, "ALLOWED_HOSTS": "localhost", "HTTPS_ONLY": "1", "FILES_ACCEL_PREFIX": "/protected/"}


def test_it_has_the_form_of_a_compose_file() -> None:
    schema = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    validator = jsonschema_rs.validator_for(json.loads(schema.read_text()))

    assert [str(error) for error in validator.iter_errors(compose())] == []
    broken = compose()
    broken["services"]["web"]["port"] = broken["services"]["web"].pop("ports")
    assert not validator.is_valid(broken)


def test_what_it_names_is_there() -> None:
    parsed = compose()
    (network,) = parsed["networks"]["default"]["ipam"]["config"]
    for name, service in parsed["services"].items():
        for other in service.get("depends_on", {}):
            assert other in parsed["services"], name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./"):
                made = {"./certificates", "./acme"}  # by whoever installs it
                assert (ROOT / source).exists() or source in made, volume
            else:
                assert source in parsed["volumes"], volume
        for address in service.get("networks", {}).get("default", {}).values():
            assert address.rpartition(".")[0] == network["subnet"].partition("/")[0].rpartition(".")[0]
    upstream = parsed["services"]["proxy"]["environment"]["PATTER_SERVERS"]
    listed = [parsed["services"][name]["networks"]["default"]["ipv4_address"] for name in ("web", "web2")]
    assert re.findall(r"server ([\d.]+):8000", upstream) == listed
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "python:3.11" in dockerfile
    assert "livez" in dockerfile


class Service(Process):
    """A service of the compose file, with its command and environment, on loopback."""

    def __init__(self, name: str, stack: Stack, settings: dict[str, str]) -> None:
        assert stack.redis is not None
        service = SERVICES[name]
        self.port = free_port()
        here = {
            "postgres://patter:patter@postgres:5432/patter": stack.database.url,
            "redis://redis:6379/0": stack.redis.url,
        }
        own = {key: here.get(value, value) for key, value in service["environment"].items()}
        words = [str(word) for word in service["command"]]
        words = [{"0.0.0.0": "127.0.0.1", "8000": str(self.port)}.get(word, word) for word in words]
        program = [sys.executable] if words[0] == "python" else [sys.executable, "-m", words[0]]
        # A container inherits nothing. MEDIA_ROOT stands for the volume.
        env = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, "MEDIA_ROOT": stack.env["MEDIA_ROOT"]}
        super().__init__([*program, *words[1:]], {**env, **settings, **own}, stack.root / f"{name}.log")
        self.name = name
        stack.processes.append(self)

    def ready(self) -> bool:
        return "relay: running" in self.output() if self.name == "relay" else listens(self.port)


def settings_of(folder: Path) -> dict[str, str]:
    """What `env_file` reads: .env.example with what people are told to set."""
    text = (ROOT / ".env.example").read_text()
    lines = [line for line in text.splitlines() if "=" in line and not line.startswith("#")]
    given = dict(shlex.split(line)[0].partition("=")[::2] for line in lines)
    return {**given, **SET, "WHATSAPP_APP_SECRET": APP_SECRET}


@pytest.fixture
def composed(services: Stack, tmp_path: Path) -> Iterator[tuple[Stack, Nginx]]:
    """All services, started in the order of `depends_on`."""
    settings = settings_of(tmp_path)
    migrate = Service("migrate", services, settings)
    done = subprocess.run(migrate.argv, cwd=ROOT, env=migrate.env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    running = [Service(name, services, settings) for name in ("web", "web2", "relay")]
    for service in running:
        service.start()
    nginx = Nginx(services.root / "nginx", [f"127.0.0.1:{one.port}" for one in running[:2]], services.env["MEDIA_ROOT"])
    nginx.start()
    yield services, nginx
    nginx.stop()
    for service in running:
        # As the engine does, which kills them when their grace period is over.
        grace = int(str(SERVICES[service.name]["stop_grace_period"]).removesuffix("s"))
        assert service.stop(seconds=grace) < grace


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_its_processes_serve_a_desk_behind_tls(composed: tuple[Stack, Nginx]) -> None:
    stack, nginx = composed
    made_up = "'zoe', 'zoe@desk.example', 'zoe-behind-tls-1', role='admin'"
    code = f"from accounts.models import User; User.objects.create_user({made_up})"
    web = next(process for process in stack.processes if isinstance(process, Service) and process.name == "web")
    made = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", code],
        cwd=ROOT,
        env=web.env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert made.returncode == 0, made.stderr
    with nginx.client() as client:
        signed_in = client.post("/api/auth/login/", json={"username": "zoe", "password": "zoe-behind-tls-1"})
        token = signed_in.json()["access"]
        client.headers["Authorization"] = f"Bearer {token}"
        body = body_of(messages=[text_message("94771234567", "wamid.COMPOSED")])
        assert client.post("/api/webhook/", content=body, headers={"X-Hub-Signature-256": signature(body)}).is_success
        customer = client.get("/api/customers/?search=94771234567").json()["results"][0]["id"]
        address = f"wss://localhost:{nginx.port}/ws/chat/{customer}/?token={token}"
        with connect(address, ssl=nginx.trusted, proxy=None) as chat:
            assert json.loads(chat.recv(timeout=30))["type"] == "ready"
        sent = client.post(
            "/api/messages/",
            data={"customer": str(customer), "text": "Our prices", "client_id": "a"},
            files={"media": ("prices.pdf", b"%PDF-1.7\n%%EOF\n", "application/pdf")},
        ).json()
        # The relay, in the sandbox of .env.example.
        wait_for("it to be read", lambda: client.get(f"/api/messages/{sent['id']}/").json()["status"] == "read", 60)
        shown: dict[str, Any] = client.get(f"/api/messages/{sent['id']}/").json()
        link = next(value for value in str(shown).replace("'", " ").split() if "/media/" in value)
        assert client.get(link).content == b"%PDF-1.7\n%%EOF\n"
        assert client.get("/readyz").json()["status"] == "ok"
