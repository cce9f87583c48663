"""The events of a customer's log in the words of people: what happened, and who did it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from customers.models import Event, customer_number

Data = Mapping[str, Any]

_LONGEST = 200
_BY_WHATSAPP = frozenset({"message_status", "message_updated", "chat_message", "history_added"})
# What an event of its own says, or what nobody enters.
_NOT_TOLD = frozenset({"id", "owner", "tags", "customer_id", "name", "full_name", "updated_at", "phone_to_confirm"})


def who(event: Event) -> str:
    """Who did it: a colleague by name, the customer, or who else reports such things."""
    if event.actor is not None:
        return event.actor.name
    if event.type == "chat_message" and event.data.get("direction") == "inbound":
        return "the customer"
    return (
        "WhatsApp" if event.type in ("message_status", "message_updated", "chat_message", "history_added") else "Patter"
    )


def words_of(event: Event, before: Event | None = None) -> str:
    """What happened. `before` is the `customer_updated` before this one: then what changed is named."""
    if event.type == "customer_updated":
        return _details(event.data, before.data if before else None)
    tell = _WORDS.get(event.type)
    return tell(event.data) if tell else event.type.replace("_", " ").capitalize()


def told(events: Iterable[Event]) -> list[dict[str, Any]]:
    """Events, newest first, as rows of a timeline: `at`, `who`, `what`. Reads nothing."""
    rows, found = [], list(events)
    for place, event in enumerate(found):
        older = (one for one in found[place + 1 :] if one.type == "customer_updated")
        before = next(older, None) if event.type == "customer_updated" else None
        rows.append({"seq": event.seq, "at": event.created_at, "who": who(event), "what": words_of(event, before)})
    return rows


def _details(data: Data, before: Data | None) -> str:
    if before is None:
        return "The details were saved"
    changed = sorted(name for name, value in data.items() if name not in _NOT_TOLD and before.get(name) != value)
    words = ", ".join(name.removeprefix("is_").replace("_", " ") for name in changed)
    return f"Changed: {words}" if words else "Saved points, groups, contacts, data or addresses"


def _message(data: Data) -> str:
    verb = "Wrote" if data.get("direction") == "inbound" else "Sent"
    text, kind = data.get("text") or "", data.get("type", "message")
    return f"{verb}: {_short(text)}" if kind == "text" else f"{verb} ({kind}) {_short(text)}".rstrip()


def _status(data: Data) -> str:
    error = data.get("error") or {}
    reason = f": {error.get('title') or error.get('detail')}" if error else ""
    return f"Message {data.get('id')} is {data.get('status')}{reason}"


def _assignment(data: Data) -> str:
    owner = data.get("owner")
    return f"Handed over to {owner['name']}" if owner else "The assignment ended: nobody has the chat"


def _tags(data: Data) -> str:
    parts = [
        f"{verb} {', '.join(tag['name'] for tag in data[part])}"
        for part, verb in (("added", "added"), ("removed", "removed"))
        if data.get(part)
    ]
    return f"Tags: {'; '.join(parts)}" if parts else "Tags changed"


def _merge_undone(data: Data) -> str:
    return f"The merge of {_number(data.get('gone'))} into {_number(data.get('into'))} was undone"


def _number(pk: Any) -> str:
    return customer_number(pk) if isinstance(pk, int) else "another row"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


_WORDS: dict[str, Callable[[Data], str]] = {
    "chat_message": _message,
    "message_status": _status,
    "messages_read": lambda data: "Read the chat at the desk",
    "history_added": lambda data: f"{data.get('count')} messages from before came from the phone app",
    "message_updated": lambda data: f"Message {data.get('id')} changed: its file, its text, or a reaction",
    "assignment_changed": _assignment,
    "customer_merged": lambda data: f"{_number(data.get('gone'))}, the same person, became part of this customer",
    "merge_undone": lambda data: (
        f"The merge of {_number(data.get('gone'))} into {_number(data.get('into'))} was undone"
    ),
    "tags_changed": _tags,
}
