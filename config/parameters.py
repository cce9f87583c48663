"""What Swagger says of the parameters in a query: filters and pages."""

from typing import Any

from drf_yasg import openapi

from config.described import Describer
from config.glossary import explained
from core.filters import OrderingFilter
from core.pagination import (
    AROUND,
    COUNTED_EXACTLY,
    DEFAULT_PAGE_SIZE,
    MAX_PAGE_SIZE,
    HistoryPages,
    PageNumberPages,
)

# What an id in a path is an id of, by the word before it.
_NAMED_BY = {
    "addresses": "an address",
    "assignments": "an assignment",
    "contacts": "a contact",
    "customer": "a customer",
    "customer-data": "one of your entries",
    "customers": "a customer",
    "groups": "a group",
    "identities": "an address on WhatsApp",
    "merges": "a merge",
    "messages": "a message",
    "reviews": "a review",
    "sessions": "one of your sessions",
    "tags": "a tag",
    "templates": "a template",
    "teams": "a team",
    "users": "a login",
    "wishlist": "a product on the wishlist",
}

# Whose ids are no numbers.
_UUIDS = frozenset({"sessions"})


def filter_parameters(filterset: Any, describer: Describer) -> list[Any]:
    """The filters of a set, each with the type of what it reads."""
    return [_filter_parameter(name, one, describer) for name, one in filterset.base_filters.items()]


def page_parameters(paginator: Any) -> list[Any]:
    """What says which page a list shows."""
    size = _query(
        "page_size",
        openapi.TYPE_INTEGER,
        f"rows on a page: {DEFAULT_PAGE_SIZE} if not given, at most {MAX_PAGE_SIZE}",
        minimum=1,
        maximum=MAX_PAGE_SIZE,
    )
    if not isinstance(paginator, PageNumberPages):
        text = "an id: the page with this row in the middle. Not together with `cursor`"
        around = [_query(AROUND, openapi.TYPE_INTEGER, text, minimum=1)] if isinstance(paginator, HistoryPages) else []
        return [*around, _query("cursor", openapi.TYPE_STRING, "the cursor of `next` or `previous`"), size]
    page = _query("page", openapi.TYPE_INTEGER, "the number of the page, from 1", minimum=1)
    text = f"`exact`: count all rows, also more than {COUNTED_EXACTLY:,}, which takes longer"
    return [page, size, _query("count", openapi.TYPE_STRING, text, enum=["exact"])]


def path_parameter(name: str, path: str) -> Any:
    """An id in a path, named after the word before it: `/api/users/{id}/` has the id of a user."""
    before = path.partition(f"/{{{name}}}")[0].rpartition("/")[2]
    text = f"the id of {_NAMED_BY[before]}"
    if before in _UUIDS:
        said: dict[str, Any] = {"type": openapi.TYPE_STRING, "format": openapi.FORMAT_UUID}
    else:
        said = {"type": openapi.TYPE_INTEGER}
    return openapi.Parameter(name, openapi.IN_PATH, text, required=True, **said)


def _query(name: str, type: str, description: str | None, **more: Any) -> Any:
    return openapi.Parameter(name, openapi.IN_QUERY, description or explained(name), type=type, **more)


def _filter_parameter(name: str, one: Any, describer: Describer) -> Any:
    said = {**describer.answer(getattr(one, "shape", str))}
    if choices := one.extra.get("choices"):
        said["enum"] = [value for value, _ in choices]
    if isinstance(one, OrderingFilter):
        word = f"-?({'|'.join(one.orders)})"
        said["pattern"] = f"^{word}(,{word})*$"
    if "items" in said:
        said["collectionFormat"] = "multi"
    if (least := getattr(one, "least", None)) is not None:
        said.get("items", said)["minimum"] = least
    return _query(name, said.pop("type"), str(one.label) if one.label else None, **said)
