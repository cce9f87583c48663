"""How Django admin offers people to choose from: by the names that everybody knows them by."""

from typing import Any

from accounts.models import UserQuerySet


def offer(field: Any, users: UserQuerySet) -> None:
    """Let a form's field choose from these logins."""
    field.queryset = users.by_name()
    field.label_from_instance = lambda user: user.name
