"""The floor of lists: bare Django views behind uvicorn + a2wsgi.

Without any middleware; with BENCH_FLOOR=stack behind what stands before Patter's views (bridge, bodies, MIDDLEWARE),
which tells what the views themselves cost.
"""

import os

from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
STACK = os.environ.get("BENCH_FLOOR") == "stack"
settings.ROOT_URLCONF = "benchmarks.floor_urls"
if not STACK:
    settings.MIDDLEWARE = []

from config.bridge import Bridge  # noqa: E402 - the settings are changed first
from config.lanes import Lanes  # noqa: E402
from config.middleware import SpoolBody  # noqa: E402

wsgi, lanes = get_wsgi_application(), Lanes()
application = SpoolBody(Bridge(wsgi, lanes)) if STACK else WSGIMiddleware(wsgi, workers=lanes.others.threads)  # type: ignore[arg-type]
