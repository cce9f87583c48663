"""`python -m benchmarks peers` runs: the floors answer the same rows as Patter, and store as many."""

import os
import subprocess
import sys

import pytest

from tests.services.databases import postgres_url

pytest.importorskip("fastapi", reason="requirements-bench.txt is not installed")


def test_every_operation_is_compared() -> None:
    command = [sys.executable, "-m", "benchmarks", "peers", "--quick"]
    urls = {"BENCH_DATABASE_URL": postgres_url("postgres"), "BENCH_REDIS_URL": os.environ["REDIS_URL"]}

    run = subprocess.run(command, env={**os.environ, **urls}, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout + run.stderr
    for operation in ("list", "one", "history", "search", "create", "send", "webhook"):
        for peer in ("raw", "FastAPI"):
            assert f"| {operation}, to {peer} |" in run.stdout
    assert "| create, to DRF |" in run.stdout
    assert "| list of patter |" in run.stdout
