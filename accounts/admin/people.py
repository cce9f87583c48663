"""How Django admin offers people to choose from: by the names that everybody knows them by."""

from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Lower

from accounts.models import User


def offer(field: Any, users: QuerySet[User]) -> None:
    """Let a form's field choose from these logins."""
    field.queryset = users.order_by(Lower("first_name"), "username")
    field.label_from_instance = lambda user: user.name
