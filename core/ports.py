"""Ports: dotted paths in config/settings.py through which a lower app calls an upper one without importing it."""

from functools import cache
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string


@cache
def _resolve(path: str) -> Any:
    return import_string(path)


def ports(setting: str) -> list[Any]:
    """Return the objects named in a setting that is a list of dotted paths."""
    return [_resolve(path) for path in getattr(settings, setting)]


@cache
def mapped_ports(setting: str) -> dict[str, Any]:
    """Return the objects named in a setting that maps names to dotted paths: `{name: object}`.

    Kept, because every row of the desk asks several times.
    """
    return {name: _resolve(path) for name, path in getattr(settings, setting).items()}


def _forget(**_: Any) -> None:
    """A test has set another one."""
    mapped_ports.cache_clear()


setting_changed.connect(_forget)
