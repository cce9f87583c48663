"""What belongs to a customer, in every app: one keeper for each relation of Customer.

The setting PERSONAL_DATA lists all keepers. A new table that points at Customer needs one, which says what happens to
its rows when the customer is exported, erased or merged into another one, and when that is undone.
tests/customers/test_keepers.py fails until every relation has exactly one.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from django.db import models

from core.ports import ports
from customers.models import Customer, Merge

# What a keeper moved in a merge, as JSON: `ids` of the rows, and whatever else it needs to take them back.
Moved = dict[str, Any]

# Ids in one statement: SQLite takes up to 32,766 values.
_BATCH = 5_000


class Given(Enum):
    """Whether customers who export themselves get a part of the export. Admins always get every part."""

    NEVER = "for staff only"
    ONCE_PROVED = "only if every sender of the customer's messages is proved to be them"
    ALWAYS = "always"


class Merged(Enum):
    """What happens to the rows of a customer who is merged into another one.

    The customer's own row stays, is shown nowhere, and keeps what does not move, so that the merge can be undone.
    """

    MOVED = "they move to the other customer"
    MOVED_UNLESS_KNOWN = "they move, except for those that clash with a row of the other customer"
    JOINED = "there is one per customer: it stays, and what it says becomes part of the other customer's"
    STAYED = "they stay"


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

    By default rows are exported with all columns, but to staff only, a merge moves them, undoing it moves them back,
    and they are deleted with the customer's row (on_delete=CASCADE). Subclasses that do otherwise say so in `merged`
    and `erased`. Tests check that they do what they say. `given` says whether customers who export themselves get the
    rows, and `theirs` which columns of them: a keeper that says nothing gives nothing.
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
        manager: models.Manager[Any] = self._relation.related_model._base_manager
        return manager.filter(**{self._relation.remote_field.name: customer})

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

    def movable(self, *, into: Customer, gone: Customer) -> "models.QuerySet[Any]":
        """The rows of `gone` that a merge into `into` would move."""
        rows = self.rows(gone)
        return rows.exclude(pk__in=self.rows(into).values("pk")) if self._relation.many_to_many else rows

    def merge(self, *, into: Customer, gone: Customer) -> Moved:
        """Move the rows of `gone`, except those that clash, to `into`. Both customers are locked.

        A few statements, however many rows there are. Returns what `undo` needs.
        """
        return {"ids": self.hand_over(self.movable(into=into, gone=gone), into, gone)}

    def undo(self, *, into: Customer, gone: Customer, merge: Merge) -> None:
        """Move those rows back to `gone` that `merge` moved and that `into` still has. Both customers are locked."""
        self.hand_back(merge.moved_of(self.relation)["ids"], into, gone)

    def hand_over(self, rows: "models.QuerySet[Any]", into: Customer, gone: Customer, **changes: Any) -> list[int]:
        """Give rows of `gone` to `into`, with `changes` to other columns, and return their ids."""
        ids = list(rows.order_by("pk").values_list("pk", flat=True))
        self._change_hands(ids, gone, into, changes)
        return ids

    def hand_back(self, ids: Collection[int], into: Customer, gone: Customer, **changes: Any) -> None:
        """Give those of the rows that `into` still has to `gone`, with `changes` to other columns."""
        self._change_hands(ids, into, gone, changes)

    def _change_hands(self, ids: Collection[int], giver: Customer, taker: Customer, changes: Mapping[str, Any]) -> None:
        relation = self._relation
        for some in batches(ids):
            if relation.many_to_many:
                row, customer = relation.field.m2m_field_name(), relation.field.m2m_reverse_field_name()
                links = relation.through._base_manager.filter(**{customer: giver, f"{row}__in": some})
                links.update(**{customer: taker})
            else:
                self.rows(giver).filter(pk__in=some).update(**{relation.remote_field.name: taker}, **changes)

    @property
    def _relation(self) -> Any:
        return Customer._meta.get_field(self.relation)


class Excused(Keeper):
    """A relation that is neither exported nor merged, for a `reason`. Its rows are deleted with the customer's row."""

    merged = Merged.STAYED

    def __init__(self, relation: str, *, reason: str) -> None:
        super().__init__(relation, file="")
        self.reason = reason

    def collect(self, customer: Customer, *, for_themselves: bool = False) -> list[Collected]:
        """Nothing."""
        return []

    def movable(self, *, into: Customer, gone: Customer) -> "models.QuerySet[Any]":
        """Nothing moves."""
        return self.rows(gone).none()


def keepers() -> list[Keeper]:
    """All keepers of all apps, in the order in which they export, erase, merge and undo (setting PERSONAL_DATA)."""
    return [keeper for of_app in ports("PERSONAL_DATA") for keeper in of_app]


def batches(ids: Collection[int]) -> Iterator[list[int]]:
    """Ids in portions that fit into a statement."""
    ordered = list(ids)
    for start in range(0, len(ordered), _BATCH):
        yield ordered[start : start + _BATCH]


def rows_of(rows: "models.QuerySet[Any]", *hidden: str) -> list[dict[str, Any]]:
    """The rows with all their columns except the hidden ones."""
    columns = [column.attname for column in rows.model._meta.concrete_fields if column.attname not in hidden]
    return list(rows.order_by("pk").values(*columns))
