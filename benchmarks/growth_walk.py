"""Every GET of the API as its schema describes it, with every filter and ordering: for benchmarks/growth.py.

A parameter without a value here is an error, so that a new one is measured too.
"""

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any, NamedTuple

from benchmarks.growth_data import COMMON, NOBODY, Desk

# What a parameter is asked with: {name: values}.
Values = dict[str, list[str]]

# No lists: files, and a stream of everybody.
_LEFT_OUT = ("/export/", ".csv/", "/customers-with-contacts/", "/webhook/")
# One row by its id.
_ONE_ROW = ("/assignments/{id}/", "/contacts/{id}/", "/customers/addresses/{id}/", "/teams/{id}/", "/users/{id}/")
_ONE_ROW += ("/message/customer-data/{id}/",)
_NOT_FILTERS = ("page", "page_size", "count", "cursor", "around", "delimiter", "after")


class Get(NamedTuple):
    """A path of the schema, filled in, and its query parameters with their values."""

    name: str
    path: str
    values: Values
    pages: bool


def gets(schema: dict[str, Any], desk: Desk) -> Iterator[Get]:
    """Every GET there is."""
    for path, operations in schema["paths"].items():
        if "get" not in operations or path.endswith(_LEFT_OUT) or path in _ONE_ROW:
            continue
        given = operations["get"].get("parameters", [])
        own = _own_values(path, desk)
        values = {
            one["name"]: own[one["name"]] if one["name"] in own else _values(one, desk)
            for one in given
            if one["name"] not in _NOT_FILTERS or one["name"] in own
        }
        pages = any(one["name"] == "page" for one in given)
        yield Get(path, schema["basePath"] + _filled(path, desk), values, pages)


def queries(get: Get, count: Callable[[str], int]) -> Iterator[str]:
    """The path as it is, each filter and ordering alone, and pages far down. `count` asks how many rows it has."""
    yield ""
    for name, values in get.values.items():
        yield from (f"{name}={value}" for value in values)
    if get.pages and (pages := count(get.path) // 20) > 1:
        yield from (f"page={pages // 2}", f"page={pages}", "page=last")


def pairs(get: Get) -> Iterator[str]:
    """Each two of its filters and orderings."""
    for (one, its), (other, others) in combinations(get.values.items(), 2):
        yield from (f"{one}={mine}&{other}={value}" for mine in its for value in others)


def _values(parameter: dict[str, Any], desk: Desk) -> list[str]:
    name = parameter["name"]
    if known := _enumerated(parameter):
        return known
    if name == "ordering":
        words = parameter["description"].split(";")[0].split(", ")
        return [sign + word for word in words for sign in ("", "-")]
    if parameter.get("type") == "boolean":
        return ["true", "false"]
    return _general(desk)[name]


def _enumerated(parameter: dict[str, Any]) -> list[str]:
    return [str(value) for value in parameter.get("enum") or parameter.get("items", {}).get("enum", [])]


def _general(desk: Desk) -> Values:
    """Values of parameters that mean the same wherever they stand."""
    tags = desk.tags
    customer, seller = [str(desk.ids[0])], [str(desk.seller)]
    orders, spent, days = ["1", "35"], ["100", "11000"], ["2024-08-01", "2025-12-01"]
    return {
        "customer": customer, "customer_id": customer, "owner": seller, "salesperson": seller, "actor": seller,
        "min_orders": orders, "max_orders": orders, "min_spent": spent, "max_spent": spent,
        "joined_after": days, "joined_before": days, "last_order_after": days, "last_order_before": days,
        "tag": [str(tags[name]) for name in ("rare", "some", "common", "whatsapp")],
        "tag_any": [f"{tags['rare']},{tags['some']}", f"{tags['whatsapp']},{tags['some']}"],
        "window_closes_within": ["60", "100000"],
        "ad": ["ad7", NOBODY],
        "search": [desk.names[0], "example", "kar", "ka", "qx", NOBODY, f"{desk.names[1]}%20ka", "3398875"],
        "preferred_language": ["si"],
        "preferred_currency": ["LKR", "EUR"],
        "language": ["en"],
        "business_number": ["1"],
        "key": ["size", NOBODY],
        "created_at": ["2026-01-01"],
        # 2026-01-02 is long ago: the messages begin on the day before.
        "before_date": ["2026-01-02", "2026-02-01"],
        "after": ["2025-12-30"],
        "before": ["2025-12-30"],
    }  # fmt: skip


def _own_values(path: str, desk: Desk) -> Values:
    """Values of parameters that mean something of their own on a path."""
    if path.endswith("/messages/"):
        words = [desk.words[0], COMMON, "or", "qx", NOBODY, f"{desk.words[1]}%20{COMMON}"]
        return {"search": words, "type": ["text", "image", "sticker", "reaction"]}
    if path == "/customers/addresses/":
        return {"city": ["galle", "o", NOBODY], "country": ["sri%20lanka", NOBODY], "state": ["western"]}
    if path == "/audit/":
        return {
            "verb": ["signed_in", "customer_updated", NOBODY],
            "after": ["2025-12-30", "2024-01-01"],
            "before": ["2025-12-30", "2024-10-01"],
        }
    if path.startswith("/reports/"):
        return {"from": ["2026-02-01"], "to": ["2026-02-02"]}
    if path.endswith("/events/"):
        return {"after": ["10"]}
    return {}


def _filled(path: str, desk: Desk) -> str:
    """The path with the ids of rows that there are."""
    of_rows = {"/customers/groups/": desk.group, "/v1/msg/tags/": desk.tags["common"], "/messages/": desk.message}
    pk = next((pk for start, pk in of_rows.items() if path.startswith(start)), desk.ids[0])
    return path.replace("{id}", str(pk)).replace("{customer_id}", str(desk.big_chat))
