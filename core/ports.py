"""Ports: dotted paths in config/settings.py through which a lower app calls an upper one without importing it."""

from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


@cache
def _resolve(path: str) -> Any:
    return import_string(path)


def ports(setting: str) -> list[Any]:
    """Return the objects named in a setting that is a list of dotted paths."""
    return [_resolve(path) for path in getattr(settings, setting)]


# What was found for a setting, and the setting itself: a test may set another one.
_known: dict[str, tuple[Any, dict[str, Any]]] = {}


def mapped_ports(setting: str) -> dict[str, Any]:
    """Return the objects named in a setting that maps names to dotted paths: `{name: object}`.

    Kept, because every row of the desk asks.
    """
    paths = getattr(settings, setting)
    known = _known.get(setting)
    if known is None or known[0] is not paths:
        known = _known[setting] = paths, {name: _resolve(path) for name, path in paths.items()}
    return known[1]
