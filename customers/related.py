"""What hangs off a customer, in every app: collected, erased and merged (setting PERSONAL_DATA)."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from django.db import models

from customers.models import Customer


@dataclass(frozen=True)
class Collected:
    """What an app knows: its name for it, JSON values, and the stored names of files by their name for people.

    `of_chat`: it tells what was written by phone, by whoever holds that.
    """

    name: str
    data: Any
    files: dict[str, str] = field(default_factory=dict)
    of_chat: bool = False


class Keeper(Protocol):
    """What the setting PERSONAL_DATA lists. `erase` and `merge` get customers whom the transaction has locked."""

    def collect(self, customer: Customer) -> Collected:
        """What is kept about the customer."""
        ...

    def erase(self, customer: Customer) -> None:
        """Erase what deleting the customer's row would leave."""
        ...

    def merge(self, *, into: Customer, gone: Customer) -> None:
        """Hand over to `into` what hangs off `gone`, whose row is deleted after."""
        ...


def rows_of(rows: "models.QuerySet[Any]", *hidden: str) -> list[dict[str, Any]]:
    """The rows with all of their columns but the hidden ones."""
    columns = [column.attname for column in rows.model._meta.concrete_fields if column.attname not in hidden]
    return list(rows.order_by("pk").values(*columns))
