"""The floor of lists: bare Django views behind uvicorn + a2wsgi.

Without any middleware; with BENCH_FLOOR=stack behind what stands before Patter's views (bridge, bodies, MIDDLEWARE),
which tells what the views themselves cost.
"""

import os
from typing import Any

from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
STACK = os.environ.get("BENCH_FLOOR") == "stack"
settings.ROOT_URLCONF = "benchmarks.floor_urls"
if not STACK:
    settings.MIDDLEWARE = []

wsgi = get_wsgi_application()

# They import models, which Django must have set up.
from config.bodies import SpoolBody  # noqa: E402
from config.bridge import Bridge  # noqa: E402
from config.lanes import Lanes  # noqa: E402

lanes = Lanes()
application: Any
if STACK:
    application = SpoolBody(Bridge(wsgi, lanes), lanes.uploads)
else:
    application = WSGIMiddleware(wsgi, workers=lanes.others.threads)
