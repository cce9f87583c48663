"""`python -m benchmarks` runs: hot paths and their floors are measured, on both databases."""

import os
import subprocess
import sys

from tests.services.databases import postgres_url

NAMED = ("list", "webhook", "frames")


def test_every_hot_path_is_measured_beside_its_floor() -> None:
    command = [sys.executable, "-m", "benchmarks", *NAMED, "--quick"]
    environment = {**os.environ, "BENCH_DATABASE_URL": postgres_url("postgres")}

    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout + run.stderr
    for line in ("list, to bare view", "stored over HTTP", "POST to frame, 100 sockets"):
        assert run.stdout.count(f"| {line}") >= 2, run.stdout
