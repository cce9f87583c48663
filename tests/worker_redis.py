"""pytest plugin of `make test-services`: each xdist worker has a Redis database of its own.

Customers of two workers have the same ids: on one database their live groups and rate limits would mix. Loaded
with `-p`, because the settings are read before any conftest is.
"""

import os

_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if _worker.startswith("gw") and "REDIS_URL" in os.environ:
    _server, _, _database = os.environ["REDIS_URL"].rpartition("/")
    os.environ["REDIS_URL"] = f"{_server}/{(int(_database or 0) - int(_worker[2:])) % 16}"
