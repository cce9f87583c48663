"""`python -m benchmarks growth` runs, on a small desk: every request it asks for is answered."""

import os
import subprocess
import sys

from tests.services.databases import postgres_url


def test_every_request_is_measured_at_both_sizes() -> None:
    command = [sys.executable, "-m", "benchmarks", "growth", "--quick"]
    environment = {**os.environ, "BENCH_DATABASE_URL": postgres_url("postgres")}

    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout + run.stderr
    lines = [line for line in run.stdout.splitlines() if line.startswith(("| admin: ", "| sales: "))]
    assert len(lines) > 150
    assert all(line.count("N = 1") == 2 for line in lines)
    assert [line for line in lines if line.startswith("| admin: list, last page ")]
