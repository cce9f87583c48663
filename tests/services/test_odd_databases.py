"""Databases as operators really make them: in another encoding, without the right to an extension, or read-only."""

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator

import httpx
import psycopg
import pytest

from tests.services.databases import postgres_url
from tests.services.harness import ROOT, Stack, wait_for
from tests.services.meta import Meta, body_of, text_message
from tests.services.sending import Desk

Sql = Callable[[str], None]


@pytest.fixture
def name() -> str:
    return f"patter_odd_{uuid.uuid4().hex[:8]}"


@pytest.fixture
def superuser(name: str) -> Iterator[Sql]:
    """Run a statement as the owner of the server. The database and the role `name` are gone afterwards."""
    with psycopg.connect(postgres_url("postgres"), autocommit=True) as connection:
        yield lambda sql: connection.execute(sql) and None  # type: ignore[arg-type]
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'DROP ROLE IF EXISTS "{name}"')


def manage(env: dict[str, str], *command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", *command], cwd=ROOT, env=env, capture_output=True, text=True, timeout=300
    )


def latin1(name: str) -> str:
    return f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"


def test_another_encoding_is_refused_with_the_reason(services: Stack, superuser: Sql, name: str) -> None:
    superuser(latin1(name))
    services.env["DATABASE_URL"] = postgres_url(name)
    reason = "The encoding of the database is LATIN1, but must be UTF8."

    for process in (services.server(), services.relay()):
        process.launch()
        assert process.wait_dead(60) != 0
        assert reason in process.output()
    migrate = manage(services.env, "migrate")
    assert migrate.returncode != 0
    assert reason in migrate.stderr


def test_another_encoding_that_turns_up_later_fails_readyz(services: Stack, superuser: Sql, name: str) -> None:
    """A server that starts while the database is away."""
    services.env["DATABASE_URL"] = postgres_url(name)
    server = services.server()
    server.start()
    assert detail(server.url) == "The database does not answer."

    superuser(latin1(name))

    assert detail(server.url) == "The encoding of the database is LATIN1, but must be UTF8."


def test_migrate_says_in_one_line_that_it_may_not_create_pg_trgm(services: Stack, superuser: Sql, name: str) -> None:
    superuser(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'")
    superuser(f'CREATE ROLE "{name}"')
    with psycopg.connect(postgres_url(name), autocommit=True) as inside:
        inside.execute(f'GRANT ALL ON SCHEMA public TO "{name}"')
        services.env["DATABASE_URL"] = f"{postgres_url(name)}?options=-c%20role%3D{name}"

        refused = manage(services.env, "migrate")
        assert refused.returncode != 0
        assert "Traceback" not in refused.stderr
        (line,) = refused.stderr.strip().splitlines()
        assert "CREATE EXTENSION pg_trgm" in line

        inside.execute("CREATE EXTENSION pg_trgm")
        assert manage(services.env, "migrate").returncode == 0


def test_a_read_only_database_is_said_to_be_read_only(services: Stack, superuser: Sql) -> None:
    server, _ = services.start()
    desk, meta = Desk(server.url, services.admin_token), Meta([server.url])
    customer = desk.call("POST", "/api/customers/", json={"name": "Ann"}).json()["id"]
    assert desk.call("GET", "/readyz").status_code == 200
    ours = services.database.url.rpartition("/")[2]
    # As after a failover: old sessions end, new ones may only read.
    others = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{ours}'"

    superuser(f'ALTER DATABASE "{ours}" SET default_transaction_read_only = on')
    superuser(others)
    for _ in range(3):
        changed = desk.call("PATCH", f"/api/customers/{customer}/", json={"first_name": "Bea"})
        assert changed.status_code == 503
        assert "Nothing was changed" in changed.json()["detail"]
        assert int(changed.headers["Retry-After"]) > 0
    assert meta.post(body_of(messages=[text_message("94770000001", "wamid.READONLY")])) == 503
    assert detail(server.url) == "The database is read-only."
    assert desk.call("GET", f"/api/customers/{customer}/").json()["first_name"] == "Ann"

    superuser(f'ALTER DATABASE "{ours}" RESET default_transaction_read_only')
    wait_for("the database to be writable", lambda: desk.call("GET", "/readyz").status_code == 200, 30)
    changed = desk.call("PATCH", f"/api/customers/{customer}/", json={"first_name": "Bea"})
    assert (changed.status_code, changed.json()["first_name"]) == (200, "Bea")
    assert meta.post(body_of(messages=[text_message("94770000001", "wamid.READONLY")])) == 200


def detail(url: str) -> str:
    """Why /readyz fails."""
    answer = httpx.get(f"{url}/readyz", timeout=20, trust_env=False)
    assert answer.status_code == 503, answer.text
    text: str = answer.json()["checks"]["database"]["detail"]
    return text
