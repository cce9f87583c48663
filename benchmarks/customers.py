"""`python -m benchmarks.customers [N]`: the list of N customers (100,000) on PostgreSQL, with EXPLAIN.

Exits with 1 when a filtered page with its count takes more than 50 ms at the database, or a search grows with N.
"""

import os
import secrets
import subprocess
import sys

from benchmarks.__main__ import postgres_database


def main() -> int:
    count = sys.argv[1] if len(sys.argv) > 1 else "100000"
    with postgres_database() as url:
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "REDIS_URL": "",
            "DEBUG": "0",
            "SECRET_KEY": secrets.token_urlsafe(60),
            "WHATSAPP_ACCESS_TOKEN": "",
            "WHATSAPP_SANDBOX": "1",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        return subprocess.run([sys.executable, "-m", "benchmarks.customers_run", count], env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
