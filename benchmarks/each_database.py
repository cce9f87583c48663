"""Runs a benchmark on each database: a new one, in a process of its own, because Django reads its settings once."""

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.__main__ import DATABASES


def on_each(module: str, arguments: Sequence[str], *, says: str, only: str | None = None, **settings: str) -> int:
    """Run `python -m module --measure arguments` on each database; return 1 if any of them failed.

    `says` is printed after the name of the database, `only` leaves out the other one, `settings` are environment
    variables. Files and what has left are kept in a folder of its own, not in that of `make run`.
    """
    Path("var").mkdir(exist_ok=True)
    failed = 0
    for name in [only] if only else DATABASES:
        with DATABASES[name]() as url, tempfile.TemporaryDirectory() as media:
            environment = {**os.environ, "DATABASE_URL": url, "REDIS_URL": "", "WHATSAPP_SANDBOX": "1"}
            environment |= {"ENV_FILE": "/dev/null", "DEBUG": "0", "SECRET_KEY": secrets.token_urlsafe(60)}
            environment |= {"MEDIA_ROOT": media, **settings}
            print(f"{name}, {says}", flush=True)
            subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], env=environment, check=True)
            command = [sys.executable, "-m", module, "--measure", *arguments]
            failed += subprocess.run(command, env=environment, check=False).returncode != 0
    return int(failed > 0)
