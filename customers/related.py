"""What hangs off a customer, in every app: one keeper for each relation of Customer.

The setting PERSONAL_DATA lists all keepers. A new table that points at Customer needs one, which says what happens to
its rows when the customer is exported, erased or merged into another one. tests/customers/test_related.py fails until
every relation has exactly one.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from django.db import models

from core.ports import ports
from customers.models import Customer


class Given(Enum):
    """Whether customers who export themselves get a part of the export. Admins always get every part."""

    NEVER = "for staff only"
    ONCE_PROVED = "only if every sender of the customer's messages is proved to be them"
    ALWAYS = "always"


class Merged(Enum):
    """What happens to the rows of a customer who is merged into another one, whose row stays."""

    MOVED = "they move to the customer who stays"
    MOVED_UNLESS_KNOWN = (
        "they move, except for those that clash with a row of the customer who stays: these are deleted"
    )
    JOINED = "there is one per customer, which becomes part of the other customer's"
    DELETED = "they are deleted with the customer's row"


class Erased(Enum):
    """What happens to the rows of a customer who is erased."""

    DELETED = "they are deleted with the customer's row"
    BLANKED = "they stay, without what they say about the customer"


@dataclass(frozen=True)
class Collected:
    """A part of an export: JSON values, and the stored names of files by the names people see.

    It goes into the JSON file named `file`, under `key` if there is one, and its files into the folder of that name.
    """

    file: str
    data: Any
    key: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    given: Given = Given.NEVER


class Keeper:
    """Looks after the rows behind one relation of Customer, which `relation` names as seen from Customer.

    By default rows are exported with all columns, but to staff only, a merge moves them, and they are deleted with the
    customer's row (on_delete=CASCADE). Subclasses that do otherwise say so in `merged` and `erased`. Tests check that
    they do what they say. `given` says whether customers who export themselves get the rows, and `theirs` which columns
    of them: a keeper that says nothing gives nothing.
    """

    merged = Merged.MOVED
    erased = Erased.DELETED

    def __init__(
        self,
        relation: str,
        *,
        file: str,
        key: str = "",
        given: Given = Given.NEVER,
        theirs: Collection[str] = (),
    ) -> None:
        self.relation = relation
        self.file, self.key, self.given, self.theirs = file, key, given, theirs

    def rows(self, customer: Customer) -> "models.QuerySet[Any]":
        """The customer's rows."""
        relation: Any = Customer._meta.get_field(self.relation)
        manager: models.Manager[Any] = relation.related_model._base_manager
        return manager.filter(**{relation.remote_field.name: customer})

    def collect(self, customer: Customer, *, for_themselves: bool = False) -> list[Collected]:
        """The parts of an export that show these rows, or what of them is for customers `for_themselves`."""
        data = self.their_data(customer) if for_themselves else self.data(customer)
        return [Collected(self.file, data, self.key, self.files(customer), self.given)]

    def data(self, customer: Customer) -> Any:
        """The rows as JSON values."""
        return rows_of(self.rows(customer))

    def their_data(self, customer: Customer) -> Any:
        """The rows as JSON values for the customers themselves: only the columns in `theirs`."""
        return list(self.rows(customer).order_by("pk").values(*self.theirs)) if self.theirs else []

    def files(self, customer: Customer) -> dict[str, str]:
        """The rows' files: the stored names by the names people see."""
        return {}

    def erase(self, customer: Customer) -> None:
        """Erase what would be left behind when the row of the customer, who is locked, is deleted."""

    def merge(self, *, into: Customer, gone: Customer) -> list[int]:
        """Move the rows of `gone` to `into`, and return the ids of those that moved.

        Both customers are locked. Afterwards the row of `gone` is deleted, with everything that still points at it.
        """
        return self.hand_over(self.rows(gone), into)

    def hand_over(self, rows: "models.QuerySet[Any]", into: Customer, **changes: Any) -> list[int]:
        """Give rows to `into`, with `changes` to other columns, and return the ids of those it did not have yet."""
        relation: Any = Customer._meta.get_field(self.relation)
        if relation.many_to_many:
            rows = rows.exclude(pk__in=self.rows(into).values("pk"))
        moved = list(rows.order_by("pk").values_list("pk", flat=True))
        if relation.many_to_many:
            getattr(into, self.relation).add(*moved)
        else:
            rows.update(**{relation.remote_field.name: into}, **changes)
        return moved


class Excused(Keeper):
    """A relation that is neither exported nor merged, for a `reason`. Its rows are deleted with the customer's row."""

    merged = Merged.DELETED

    def __init__(self, relation: str, *, reason: str) -> None:
        super().__init__(relation, file="")
        self.reason = reason

    def collect(self, customer: Customer, *, for_themselves: bool = False) -> list[Collected]:
        """Nothing."""
        return []

    def merge(self, *, into: Customer, gone: Customer) -> list[int]:
        """Nothing moves."""
        return []


def keepers() -> list[Keeper]:
    """All keepers of all apps, in the order in which they export, erase and merge (setting PERSONAL_DATA)."""
    return [keeper for of_app in ports("PERSONAL_DATA") for keeper in of_app]


def rows_of(rows: "models.QuerySet[Any]", *hidden: str) -> list[dict[str, Any]]:
    """The rows with all their columns except the hidden ones."""
    columns = [column.attname for column in rows.model._meta.concrete_fields if column.attname not in hidden]
    return list(rows.order_by("pk").values(*columns))
