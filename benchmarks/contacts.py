"""Contacts under load: `python -m benchmarks.contacts [--database sqlite|postgres] [--customers N] [--rounds N]`.

Streams every customer with their contacts from a real server while its memory is watched, lets eight clients
at once make each of eight contacts the primary one, and creates 1,000 contacts in one request. Exits with 1
when the memory grows by 50 MiB or more, when queries per thousand grow, or when a race leaves anything but one
primary contact.
"""

import argparse
import os
import secrets
import subprocess
import sys
from pathlib import Path

from benchmarks import __main__ as benchmarks

# Of its own: the other benchmarks may be running.
benchmarks.DATABASE = "patter_bench_contacts"
DATABASES = benchmarks.DATABASES


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.contacts", description=__doc__)
    parser.add_argument("--database", choices=sorted(DATABASES), help="only this one")
    parser.add_argument("--customers", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=200)
    options = parser.parse_args()
    Path("var").mkdir(exist_ok=True)
    failed = 0
    for name in [options.database] if options.database else DATABASES:
        with DATABASES[name]() as url:
            # One process per database: Django's settings are read once.
            environment = {
                **os.environ,
                "DATABASE_URL": url,
                "REDIS_URL": "",
                "DEBUG": "0",
                "SECRET_KEY": secrets.token_urlsafe(60),
                "WHATSAPP_ACCESS_TOKEN": "",
                "WHATSAPP_SANDBOX": "1",
                "ACCESS_TOKEN_MINUTES": "120",
                "DJANGO_SETTINGS_MODULE": "config.settings",
            }
            command = [sys.executable, "-m", "benchmarks.contacts_run", str(options.customers), str(options.rounds)]
            failed |= subprocess.run(command, env=environment).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
