"""What the view behind a path does, as far as it matters before the view is called."""

from dataclasses import dataclass
from typing import Any

from django.db.models import FileField
from django.urls import Resolver404, ResolverMatch, resolve

# Django's own pages that hash a password.
_ADMIN_HASHES = frozenset({"admin:login", "admin:password_change"})


@dataclass(frozen=True)
class Endpoint:
    """What is known of a path before its view is called."""

    hashes: bool = False  # a password, which keeps a core busy
    takes_files: bool = False
    public: bool = False  # nobody signs in to call it
    admin_page: bool = False  # of Django admin, whose people are known by a cookie


NOTHING = Endpoint()


def endpoint_of(method: str, path: str) -> Endpoint:
    """Return what the view behind the path says about itself.

    `hashes_passwords` names its actions that hash, or its methods (`post`) if it has no actions. Which of them take
    files is known from their documented bodies (core/documentation.py). A ModelAdmin with `hashes_passwords = True`
    hashes on all its forms, and takes files if its model has any.
    """
    try:
        match = resolve(path)
    except Resolver404:
        return NOTHING
    view = getattr(match.func, "cls", None)
    if view is None:
        model_admin = getattr(match.func, "model_admin", None)
        return Endpoint(
            hashes=match.view_name in _ADMIN_HASHES or getattr(model_admin, "hashes_passwords", False),
            takes_files=model_admin is not None and _has_files(model_admin),
            admin_page="admin" in match.namespaces,
        )
    action = _action_of(match, method.lower())
    return Endpoint(
        hashes=action in getattr(view, "hashes_passwords", ()),
        takes_files=getattr(getattr(view, action, None), "takes_files", False),
        public=not view.authentication_classes,
    )


def _action_of(match: ResolverMatch, method: str) -> str:
    actions: dict[str, str] = getattr(match.func, "actions", None) or {}
    return actions.get(method, method)


def _has_files(model_admin: Any) -> bool:
    return any(isinstance(field, FileField) for field in model_admin.model._meta.get_fields())
