"""Reports come from a standby, which really follows; what people have just written is never read there."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.services.harness import ROOT, Redis, Server, environment, manage
from tests.services.meta import Meta, body_of, phones, text_message
from tests.services.standby import Pair


@pytest.fixture
def pair() -> Iterator[Pair]:
    with Pair() as running:
        yield running


def test_reports_come_from_the_standby(pair: Pair, tmp_path: Path) -> None:
    redis = Redis(tmp_path / "redis.log")
    redis.start()
    env = environment(pair.primary.url, redis.url, tmp_path, "")
    env["REPORTS_DATABASE_URL"] = pair.standby.url
    manage(env, "migrate", "-v0")
    seed = subprocess.run(
        [sys.executable, "-m", "tests.services.seed"], cwd=ROOT, env=env, capture_output=True, text=True
    )
    token = json.loads(seed.stdout)["admin"]["token"]
    server = Server(env, tmp_path / "server.log")
    server.start()
    try:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=60, trust_env=False) as admin:
            _scene(pair, admin, server, env)
    finally:
        server.kill()
        redis.kill()


def _scene(pair: Pair, admin: httpx.Client, server: Server, env: dict[str, str]) -> None:
    created(admin, "Early")
    pair.catch_up()
    assert figures(admin) == {"list": 1, "analytics": 1, "csv": 1}

    # From now on the standby learns nothing more.
    pair.standby.database.query("SELECT pg_wal_replay_pause()")
    late = created(admin, "Late")
    assert figures(admin) == {"list": 2, "analytics": 1, "csv": 1}
    assert admin.get(f"/api/customers/{late}/").json()["name"] == "Late"
    assert admin.patch(f"/api/customers/{late}/", json={"name": "Later"}).json()["name"] == "Later"
    Meta([server.url]).deliver(body_of(messages=[text_message(phones(1)[0], "wamid.NEW")]))
    assert webhooks(env) == 0
    pair.standby.database.query("SELECT pg_wal_replay_resume()")
    pair.catch_up()
    assert webhooks(env) == 1
    assert figures(admin)["analytics"] == figures(admin)["list"] >= 2

    known = figures(admin)
    pair.standby.stop()
    created(admin, "After")
    now = figures(admin)
    assert now == {name: count + 1 for name, count in known.items()}
    assert "the standby for reports is away" in server.output()


def created(admin: httpx.Client, name: str) -> int:
    customer: int = admin.post("/api/customers/", json={"name": name}).json()["id"]
    return customer


def figures(admin: httpx.Client) -> dict[str, Any]:
    return {
        "list": admin.get("/api/customers/customers/").json()["count"],
        "analytics": admin.get("/api/customers/customers/analytics/").json()["total_customers"],
        "csv": len(admin.get("/api/customers/customers/export/").text.splitlines()) - 1,
    }


def webhooks(env: dict[str, str]) -> int:
    """How many webhooks the report of today has."""
    argv = [sys.executable, "manage.py", "webhook_report", "--days", "1"]
    said = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60).stdout
    found = re.search(r"\d{4}-\d\d-\d\d\s+(\d+)", said)
    assert found is not None, said
    return int(found[1])


def test_a_standby_needs_a_database_of_the_same_kind(tmp_path: Path) -> None:
    env = environment(f"sqlite:///{tmp_path}/patter.sqlite3", "", tmp_path, "")
    env["REPORTS_DATABASE_URL"] = "postgres://127.0.0.1/patter"
    done = subprocess.run([sys.executable, "manage.py", "check"], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode != 0
    assert "REPORTS_DATABASE_URL is a standby of PostgreSQL" in done.stderr
