"""Ports: dotted paths in the settings through which a lower app reaches an upper one."""

from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


@cache
def _resolve(path: str) -> Any:
    return import_string(path)


def ports(setting: str) -> list[Any]:
    """Return the objects that the list in the setting `setting` names."""
    return [_resolve(path) for path in getattr(settings, setting)]


def mapped_ports(setting: str) -> dict[str, Any]:
    """Return the objects that the mapping in the setting `setting` names, under their names."""
    return {name: _resolve(path) for name, path in getattr(settings, setting).items()}
