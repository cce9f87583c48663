"""Every field of every payload may be anything, one at a time: what is read around it is never given up for that."""

import copy
import json
from collections.abc import Iterator
from typing import Any

from tests.webhooks import PAYLOADS
from whatsapp.payload.elements import Broken
from whatsapp.payload.envelope import parse

ODD: list[Any] = [None, 7, "a\x00", [], {}, [None]]
# What is wrong when it cannot even be said who wrote, or which message it is; and what Meta alone says wrongly.
_REASONS = (
    "no sender",
    " is missing",
    "not an object",
    "a chat with nobody",
    "the template is named",
    "not a timestamp",
)


def _bodies() -> Iterator[tuple[Any, tuple[Any, ...], Any]]:
    """Each field once for each type of message, with each of what it may be."""
    seen = set()
    for file in sorted(PAYLOADS.glob("**/*.json")):
        whole = json.loads(file.read_text())
        change = whole["entry"][0]["changes"][0]
        types = tuple(one.get("type") for one in change["value"].get("messages", []))
        for at in _paths(change["value"]):
            if (where := (change["field"], types, at)) not in seen:
                seen.add(where)
                yield from ((whole, at, odd) for odd in ODD)


def _paths(node: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield (*at, key)
        yield from _paths(value, (*at, key))


def test_every_field_may_be_anything() -> None:
    """Whatever stands in one field, what is read around it is never given up for another reason than these."""
    reasons = set()
    for whole, at, odd in _bodies():
        body = copy.deepcopy(whole)
        node = body["entry"][0]["changes"][0]["value"]
        for key in at[:-1]:
            node = node[key]
        node[at[-1]] = odd
        for element in parse(json.dumps(body).encode()):
            if isinstance(element, Broken):
                reasons.add(element.reason)
    assert [one for one in sorted(reasons) if not any(known in one for known in _REASONS)] == []
