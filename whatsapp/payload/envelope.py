"""Takes a webhook body apart into its elements."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from whatsapp.payload.account_changes import ACCOUNT_FIELDS, read_account_change
from whatsapp.payload.address_changes import read_id_update
from whatsapp.payload.calls import read_call
from whatsapp.payload.contact_sync import read_contact_sync
from whatsapp.payload.elements import AccountErrors, Broken, Element, Ignored
from whatsapp.payload.history import read_history, read_late_file
from whatsapp.payload.json_fields import known_id, list_of, object_of, text_of
from whatsapp.payload.mending import mended, stored
from whatsapp.payload.messages import read_echo, read_message
from whatsapp.payload.persons import Contacts, contacts_of
from whatsapp.payload.standby import read_agents_echo, read_agents_message
from whatsapp.payload.statuses import account_errors_in, read_preference, read_status
from whatsapp.payload.template_changes import TEMPLATE_FIELDS, read_template

Read = Callable[[dict[str, Any], str, str, Contacts], Element | list[Element]]

# Field of a change -> the lists in its value, each with the function that reads one item.
_READERS: dict[str, dict[str, Read]] = {
    "messages": {"messages": read_message, "statuses": read_status},
    "smb_message_echoes": {"message_echoes": read_echo},
    "user_preferences": {"user_preferences": read_preference},
    "user_id_update": {"user_id_update": read_id_update},
    "history": {"history": read_history, "messages": read_late_file},
    "standby": {"messages": read_agents_message, "message_echoes": read_agents_echo, "statuses": read_status},
    "smb_app_state_sync": {"state_sync": read_contact_sync},
    "calls": {"calls": read_call, "statuses": read_status},
}
# What was written in the past has a time of its own, or none: the one when it arrived would say that it is new.
_OF_THE_PAST = (read_history, read_late_file)
# Fields whose value has no lists: it is about an account, a template or a number.
_OF_ACCOUNTS = frozenset({*TEMPLATE_FIELDS, *ACCOUNT_FIELDS})
_LONGEST_INTEGER = 18


class Malformed(ValueError):
    """The body is not a webhook payload; `str()` says why."""


def parse(body: bytes, received_at: datetime | None = None) -> list[Element]:
    """Return the elements of a webhook body, in order. Raises Malformed if the body is not a JSON object.

    What has no time that can be read has the one at which the body was received; now, if that is left out.
    """
    try:
        payload = json.loads(body.decode(), parse_int=_integer, parse_float=_number, parse_constant=str)
    except UnicodeDecodeError as error:
        raise Malformed("The body is not valid UTF-8.") from error
    except RecursionError as error:
        raise Malformed("The JSON is nested too deeply.") from error
    except ValueError as error:
        raise Malformed(f"The body is not JSON: {error}") from error
    if not isinstance(payload, dict):
        raise Malformed("The body is not a JSON object.")
    if payload.get("object") != "whatsapp_business_account":
        return [Ignored("unknown object")]
    return list(_elements(payload, received_at or datetime.now(tz=UTC)))


def _integer(digits: str) -> int | str:
    """Read an integer; one that no database column can hold stays text, so that the rest of the body can be read."""
    return int(digits) if len(digits) <= _LONGEST_INTEGER else digits


def _number(text: str) -> float | str:
    value = float(text)
    return value if abs(value) < 1e300 else text


def _elements(payload: dict[str, Any], at: datetime) -> Iterator[Element]:
    for i, entry in enumerate(list_of(payload.get("entry"))):
        changes = list_of(entry.get("changes")) if isinstance(entry, dict) else [None]
        for j, change in enumerate(changes):
            where = f"entry[{i}].changes[{j}]"
            value = change.get("value") if isinstance(change, dict) else None
            named = change.get("field") if isinstance(change, dict) else None
            field = named if isinstance(named, str) else ""
            if isinstance(change, dict) and field not in _READERS and field not in _OF_ACCOUNTS:
                yield Ignored("unknown field")
            elif not isinstance(value, dict):
                yield Broken(where, "not an object with a value")
            elif field in _OF_ACCOUNTS:
                yield _of_account(field, entry, value, where)
            else:
                if field == "standby":  # what comes there stands one level deeper
                    value = {**value, **object_of(value.get(field))}
                yield from _change(value, _READERS[field], at, where)


def _of_account(field: str, entry: dict[str, Any], value: dict[str, Any], where: str) -> Element:
    try:
        value = stored(value)
        if field in TEMPLATE_FIELDS:
            return read_template(field, text_of(entry, "id", 64), value)
        return read_account_change(field, entry, value)
    except ValueError as error:
        return Broken(where, str(error))


def _change(value: dict[str, Any], readers: dict[str, Read], at: datetime, where: str) -> Iterator[Element]:
    metadata = stored(value.get("metadata"))
    contacts = contacts_of(value)
    for key, read in readers.items():
        for k, item in enumerate(list_of(value.get(key))):
            yield from _guarded(read, item, metadata, contacts, at, f"{where}.{key}[{k}]")
    if value.get("errors"):
        yield AccountErrors(account_errors_in(value["errors"]))


def _guarded(read: Read, item: Any, metadata: Any, contacts: Contacts, at: datetime, where: str) -> list[Element]:
    """Read one item, which is one element or, in a history, several. Whatever is wrong with one makes it Broken."""
    try:
        if not isinstance(item, dict):
            raise ValueError("not an object")
        item = stored(item) if read in _OF_THE_PAST else mended(item, at)
        number = known_id(metadata, "phone_number_id", 64)
        found = read(item, number, str(metadata.get("display_phone_number") or ""), contacts)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return [Broken(where, str(error) or type(error).__name__)]
    if not isinstance(found, list):
        return [found]
    return [replace(one, where=where + one.where) if isinstance(one, Broken) else one for one in found]
