"""Reading JSON that somebody else wrote."""

import re
from typing import Any

from core.safe_json import storable
from whatsapp.payload.elements import Sender

# What a change says of the people in it, by wa_id and by user_id.
Contacts = dict[str, Sender]

_WA_ID = re.compile(r"\+?(\d{5,20})", re.ASCII)
_USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]{1,140}", re.ASCII)


def text_of(holder: Any, key: str, longest: int) -> str:
    """The text under `key`. Raises ValueError when it is missing, empty, too long or no text."""
    value = holder.get(key) if isinstance(holder, dict) else None
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key} is missing or no text")
    if len(value) > longest:
        raise ValueError(f"{key} is longer than {longest} characters")
    return value


def text_or_nothing(holder: Any, key: str, longest: int) -> str:
    """The text under `key`, cut to `longest` characters; empty when there is none."""
    value = holder.get(key) if isinstance(holder, dict) else None
    return value[:longest] if isinstance(value, str) else ""


def object_of(value: Any) -> dict[str, Any]:
    """What should be an object; anything else counts as an empty one."""
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    """What should be a list; anything else counts as one broken item, nothing as none."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def ids_of(address: Any, user_id: Any) -> tuple[str | None, str | None]:
    """Tell the phone from the business-scoped id, which may stand in the phone's place."""
    digits = _WA_ID.fullmatch(address) if isinstance(address, str) else None
    for candidate in (user_id, address):
        if isinstance(candidate, str) and _USER_ID.fullmatch(candidate):
            return digits[1] if digits else None, candidate
    return digits[1] if digits else None, None


def contacts_of(value: dict[str, Any]) -> Contacts:
    """The contacts of a change by each of their ids, the first of each: a change may hold thousands, one a message."""
    found: Contacts = {}
    for contact in map(object_of, list_of(value.get("contacts"))):
        wa_id, user_id = ids_of(contact.get("wa_id"), contact.get("user_id"))
        profile = object_of(contact.get("profile"))
        # Who puts a NUL into their name is heard all the same.
        name, username = (storable(text_or_nothing(profile, key, 300)) for key in ("name", "username"))
        known = Sender(wa_id, user_id, name, username[:150].removeprefix("@"))
        for key in (wa_id, user_id):
            if key is not None:
                found.setdefault(key, known)
    return found


def sender_of(address: Any, user_id: Any, contacts: Contacts) -> Sender:
    """Somebody by their ids, completed from the change's contact of the same ids. Raises ValueError for nobody."""
    wa_id, user_id = ids_of(address, user_id)
    if wa_id is None and user_id is None:
        raise ValueError("no sender")
    known = contacts.get(wa_id or "") or contacts.get(user_id or "")
    if known is None:
        return Sender(wa_id, user_id)
    return Sender(wa_id or known.wa_id, user_id or known.user_id, known.name, known.username)
