"""Passing frames: what sockets say and no log keeps. Recorded ones are made in customers/events.py."""

import json
from typing import Any

from django.utils import timezone

from core.live.groups import STAFF
from core.live.publishing import publish_on_commit
from core.timestamps import iso


def passing_frame(type: str, data: Any) -> dict[str, Any]:
    """A frame without a number: a socket that is not open now never gets it."""
    return {"type": type, "at": iso(timezone.now()), "data": data}


def passing_text(type: str, data: Any) -> str:
    """A passing frame as it is sent."""
    return json.dumps(passing_frame(type, data))


def tell_staff(type: str, data: Any) -> None:
    """Send a passing frame to everyone at the desk, on commit."""
    publish_on_commit(STAFF, {"type": "staff", "frame": passing_frame(type, data)})
