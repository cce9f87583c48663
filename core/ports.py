"""Ports: dotted paths in the settings through which a lower app reaches an upper one."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


@cache
def _resolve(path: str) -> Any:
    return import_string(path)


def port(setting: str) -> Any:
    """Return the object that the setting `setting` names."""
    return _resolve(getattr(settings, setting))


def ports(setting: str) -> list[Any]:
    """Return the objects that the list in the setting `setting` names."""
    return [_resolve(path) for path in getattr(settings, setting)]


def named_port(setting: str, name: str) -> Callable[..., Any]:
    """Return the object that the mapping in the setting `setting` names under `name`."""
    found: Callable[..., Any] = _resolve(getattr(settings, setting)[name])
    return found
