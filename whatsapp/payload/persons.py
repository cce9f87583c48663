"""Tells who a webhook is about, by the ids Meta gives people (docs/whatsapp.md, "Identities")."""

import re
from typing import Any

from core.safe_json import storable
from whatsapp.payload.elements import Person
from whatsapp.payload.json_fields import list_of, object_of, text_or_nothing

# The people in the `contacts` of a change, by wa_id and by user_id.
Contacts = dict[str, Person]

_WA_ID = re.compile(r"\+?(\d{5,20})", re.ASCII)
_USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]{1,140}", re.ASCII)


def contacts_of(value: dict[str, Any]) -> Contacts:
    """The contacts of a change by each of their ids, the first of each. There may be thousands, one per message."""
    found: Contacts = {}
    for contact in map(object_of, list_of(value.get("contacts"))):
        wa_id, user_id = _ids(contact.get("wa_id"), contact.get("user_id"))
        profile = object_of(contact.get("profile"))
        # A NUL in a name must not make the message unreadable.
        name, username = (storable(text_or_nothing(profile, key, 300)) for key in ("name", "username"))
        known = Person(wa_id, user_id, name, username[:150].removeprefix("@"))
        for key in (wa_id, user_id):
            if key is not None:
                found.setdefault(key, known)
    return found


def person_at(address: Any, user_id: Any) -> Person | None:
    """The person with these ids; None if neither value is an id."""
    wa_id, user_id = _ids(address, user_id)
    return Person(wa_id, user_id) if wa_id or user_id else None


def person_of(address: Any, user_id: Any, contacts: Contacts) -> Person:
    """The person with these ids, completed from the contacts of the change. Raises ValueError if neither is an id."""
    person = person_at(address, user_id)
    if person is None:
        raise ValueError("no sender")
    known = contacts.get(person.wa_id or "") or contacts.get(person.user_id or "")
    if known is None:
        return person
    return Person(person.wa_id or known.wa_id, person.user_id or known.user_id, known.name, known.username)


def _ids(address: Any, user_id: Any) -> tuple[str | None, str | None]:
    """Return (wa_id, user_id). A business-scoped id has been seen in the place of the phone number."""
    digits = _WA_ID.fullmatch(address) if isinstance(address, str) else None
    wa_id = digits[1] if digits is not None else None
    for candidate in (user_id, address):
        if isinstance(candidate, str) and _USER_ID.fullmatch(candidate):
            return wa_id, candidate
    return wa_id, None
