"""What the view behind a path does, as far as it matters before the view is called."""

from dataclasses import dataclass
from typing import Any

from django.db.models import FileField
from django.urls import Resolver404, ResolverMatch, resolve

# Django's own pages that hash a password.
_ADMIN_HASHES = frozenset({"admin:login", "admin:password_change"})


@dataclass(frozen=True)
class Endpoint:
    """`hashes`: it hashes a password, which keeps a core busy. `takes_files`: its bodies may hold files."""

    hashes: bool = False
    takes_files: bool = False


NOTHING = Endpoint()


def endpoint_of(method: str, path: str) -> Endpoint:
    """Return what the view behind the path says about itself.

    A view says it with `hashes_passwords` and `takes_files`: the names of its actions, or of its methods (`post`) if it
    has no actions. A ModelAdmin with `hashes_passwords = True` does so on all its forms, and takes files if its model
    has any.
    """
    try:
        match = resolve(path)
    except Resolver404:
        return NOTHING
    if (model_admin := getattr(match.func, "model_admin", None)) is not None:
        return Endpoint(getattr(model_admin, "hashes_passwords", False), _has_files(model_admin))
    view = getattr(match.func, "cls", None)
    if view is None:
        return Endpoint(hashes=match.view_name in _ADMIN_HASHES)
    action = _action_of(match, method.lower())
    return Endpoint(
        hashes=action in getattr(view, "hashes_passwords", ()), takes_files=action in getattr(view, "takes_files", ())
    )


def _action_of(match: ResolverMatch, method: str) -> str:
    actions: dict[str, str] = getattr(match.func, "actions", None) or {}
    return actions.get(method, method)


def _has_files(model_admin: Any) -> bool:
    return any(isinstance(field, FileField) for field in model_admin.model._meta.get_fields())
