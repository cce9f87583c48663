"""Stacks of real processes. Everything here is marked `services` and needs PostgreSQL and redis-server."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.graph_double import GraphDouble
from tests.services.harness import KINDS, Server, Stack, Stacks, Start, demo_environment, manage


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/services" in item.nodeid:
            item.add_marker(pytest.mark.services)


@pytest.fixture(autouse=True)
def _clean_slate() -> None:
    """Nothing of this process is tested here, so there is nothing to clean."""


@pytest.fixture(scope="session")
def stacks() -> Iterator[Stacks]:
    with Stacks() as made:
        yield made


@pytest.fixture
def graph() -> Iterator[GraphDouble]:
    with GraphDouble() as double:
        yield double


@pytest.fixture
def make_stack(stacks: Stacks, graph: GraphDouble) -> Iterator[Callable[[str], Stack]]:
    with ExitStack() as open_stacks:
        yield lambda kind: open_stacks.enter_context(stacks.stack(kind, graph.url))


@pytest.fixture(params=KINDS)
def stack(request: pytest.FixtureRequest, make_stack: Callable[[str], Stack]) -> Stack:
    """SQLite and one process, then PostgreSQL, Redis and processes as wanted."""
    return make_stack(request.param)


@pytest.fixture
def services(make_stack: Callable[[str], Stack]) -> Stack:
    return make_stack("services")


@pytest.fixture(scope="session")
def demo_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the demo data, which no server has used yet."""
    folder = tmp_path_factory.mktemp("demo")
    env = demo_environment(f"sqlite:///{folder}/patter.sqlite3", "", folder)
    manage(env, "migrate", "-v0")
    manage(env, "seed_demo")
    return folder / "patter.sqlite3"


@pytest.fixture
def start(demo_database: Path, tmp_path: Path) -> Iterator[Start]:
    """Start Patter as `make run` does, with the demo data."""
    started: list[Server] = []

    def run(**settings: str) -> Server:
        own = tmp_path / "patter.sqlite3"
        shutil.copy(demo_database, own)
        server = Server(demo_environment(f"sqlite:///{own}", "", tmp_path, **settings), tmp_path / "server.log")
        server.start()
        started.append(server)
        return server

    yield run
    for server in started:
        server.kill()
