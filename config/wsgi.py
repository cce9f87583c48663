"""For servers that only speak HTTP. Sockets and the embedded relay need config/asgi.py."""

import os

from django.core.wsgi import get_wsgi_application

from core.db.patience import requests, use_in_process

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
use_in_process(requests())
