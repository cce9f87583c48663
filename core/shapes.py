"""What answers hold. A row of JSON is a TypedDict: mypy checks the function that makes it against its declaration, and
Swagger describes it from the same declaration (config/described.py).

A hint says more by `Annotated`: a text describes the field, a class of choices lists its values, a Format names one.
The docstring of a TypedDict describes the model.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Generic, NotRequired, TypedDict, TypeVar

from core.error_codes import CODES

Item = TypeVar("Item")


@dataclass(frozen=True)
class Format:
    """What a text looks like, in the words of OpenAPI."""

    name: str


@dataclass(frozen=True)
class OneOf:
    """The values that a text can have, where no class of choices lists them."""

    values: tuple[str, ...]


Time = Annotated[str, Format("date-time")]
Day = Annotated[str, Format("date")]
Link = Annotated[str, Format("uri")]
# With two decimal places.
Money = Annotated[str, Format("decimal")]
# A JSON object of which nobody here knows the fields.
FreeObject = dict[str, Any]


class Ref(TypedDict):
    """Somebody, by id and name."""

    id: int
    name: str


class Page(TypedDict, Generic[Item]):
    """A page of a list, by number."""

    count: Annotated[int, "how many rows there are on all pages"]
    count_is_exact: NotRequired[Annotated[bool, "only there, and false, if `count` is an estimate"]]
    next: Link | None
    previous: Link | None
    results: list[Item]


class CursorPage(TypedDict, Generic[Item]):
    """A page of a list that keeps growing."""

    next: Annotated[Link | None, "the older rows"]
    previous: Annotated[Link | None, "the newer rows"]
    results: list[Item]


class Refusal(TypedDict):
    """Why a request was refused. Nothing was changed."""

    detail: Annotated[str, "for people"]
    code: Annotated[str, OneOf(CODES), "for programs"]


class StaleRow(TypedDict):
    """The answer to a change whose `If-Match` names an older version. Nothing was changed."""

    detail: str
    code: Annotated[str, OneOf(("stale",))]
    current: Annotated[FreeObject, "the row as it is now"]


class MergedInto(TypedDict):
    """The answer to the id of a customer who became part of another one."""

    detail: str
    code: Annotated[str, OneOf(("merged",))]
    into: Annotated[int, "the id of the customer they became part of"]
