"""Removes one person from a body that is about several."""

import json
from typing import Any

from core import safe_json
from whatsapp.payload.json_fields import list_of, object_of

# The fields in which an item names people.
_PEOPLE = (
    "from",
    "from_user_id",
    "from_parent_user_id",
    "to",
    "to_user_id",
    "to_parent_user_id",
    "recipient_id",
    "recipient_user_id",
    "recipient_parent_user_id",
    "recipient_participant_id",
    "recipient_participant_user_id",
    "wa_id",
    "user_id",
    "parent_user_id",
)


def redacted(body: bytes, ids: set[str]) -> bytes | None:
    """Return the body without the items from or to people with one of `ids` (digits without `+`, user ids).

    Returns None if nothing is left to handle, if the body cannot be read, or if it still contains one of the ids.
    """
    try:
        data = safe_json.loads(body)
    except safe_json.BadJSON:
        return None
    left = False
    for entry in map(object_of, list_of(object_of(data).get("entry"))):
        for change in map(object_of, list_of(entry.get("changes"))):
            left = _without(object_of(change.get("value")), ids) or left
    rest = json.dumps(data)
    return rest.encode() if left and not any(one in rest for one in ids) else None


def _without(value: dict[str, Any], ids: set[str]) -> bool:
    """Remove the items about somebody with one of `ids`; return whether others are left. Some lists stand deeper."""
    left = False
    for name, items in value.items():
        if isinstance(items, list):
            value[name] = [item for item in items if not _is_of(item, ids)]
            nested = [item for item in value[name] if name == "history" and isinstance(item, dict)]
            found = [_without(item, ids) for item in nested] if nested else [bool(value[name])]
            left = left or (name != "contacts" and any(found))
        elif name == "standby" and isinstance(items, dict):
            left = _without(items, ids) or left
    return left


def _is_of(item: Any, ids: set[str]) -> bool:
    # A chat of the history has the number of the other one as its id, an answer of the agent stands one level deeper.
    item = {**object_of(item), **object_of(object_of(item).get("message"))}
    named = [item.get(key) for key in (*_PEOPLE, *(["id"] if "messages" in item else []))]
    return any(isinstance(one, str) and one.removeprefix("+") in ids for one in named)
