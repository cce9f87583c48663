"""How a command or a server ends whose settings are wrong: with one line that says what to set."""

import multiprocessing
import os
import signal
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def require_settings() -> None:
    """Read the settings; if they are wrong, end the process with the reason."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        settings.SECRET_KEY  # noqa: B018 - the first one that is asked for reads them all
    except ImproperlyConfigured as error:
        if (parent := multiprocessing.parent_process()) is not None and parent.pid:
            # A worker of uvicorn, which would start it again, and again.
            os.kill(parent.pid, signal.SIGTERM)
        sys.exit(f"{error}")
