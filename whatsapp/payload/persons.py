"""Tells who a webhook is about, by the ids Meta gives people (docs/whatsapp.md, "Identities")."""

import re
from dataclasses import dataclass, field
from typing import Any

from core.names import is_seen
from core.phones import variants, without_marks
from core.safe_json import storable
from whatsapp.payload.elements import Person
from whatsapp.payload.json_fields import list_of, object_of, text_or_nothing

_WA_ID = re.compile(r"\+?(\d{5,20})", re.ASCII)
_USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]{1,140}", re.ASCII)
_PARENT_ID = re.compile(r"[A-Z]{2}\.ENT\.[A-Za-z0-9.]{1,140}", re.ASCII)
# The lists of a change whose items are about people.
_ITEMS = ("messages", "message_echoes", "statuses", "user_preferences", "calls")


@dataclass(frozen=True)
class Contacts:
    """The people in the `contacts` of a change.

    `by_id` has each under all of their ids. `alone` is the only one, in a change with one item: it is about them, even
    where they have no id in common.
    """

    by_id: dict[str, Person] = field(default_factory=dict)
    alone: Person | None = None

    def matching(self, person: Person) -> Person | None:
        """The contact who is this person."""
        for value in person.ids.values():
            if (found := self.by_id.get(value)) is not None:
                return found
        return self.alone if self.alone is not None and not _conflict(person, self.alone) else None


def contacts_of(value: dict[str, Any]) -> Contacts:
    """The contacts of a change, the first with each id. There may be thousands, one per message."""
    found: dict[str, Person] = {}
    people = [_contact(contact) for contact in map(object_of, list_of(value.get("contacts")))]
    for person in people:
        for one in person.ids.values():
            found.setdefault(one, person)
    alone = people[0] if len(people) == 1 and found else None
    if alone is not None and sum([len(list_of(value[name])) for name in _ITEMS if name in value]) != 1:
        alone = None
    return Contacts(found, alone)


def _contact(contact: dict[str, Any]) -> Person:
    wa_id, user_id, parent = _ids(contact.get("wa_id"), contact.get("user_id"), contact.get("parent_user_id"))
    profile = object_of(contact.get("profile"))
    # A NUL in a name must not make the message unreadable.
    name, username = (storable(text_or_nothing(profile, key, 300)) for key in ("name", "username"))
    # Some people's names are made of signs that nobody sees.
    return Person(wa_id, user_id, name if is_seen(name) else "", username[:150].removeprefix("@"), parent)


def _conflict(one: Person, other: Person) -> bool:
    """Whether two people have different ids of the same kind."""
    theirs = other.ids
    return any(name in theirs and not _same(name, value, theirs[name]) for name, value in one.ids.items())


def _same(name: str, one: str, other: str) -> bool:
    return one == other or (name == "wa_id" and f"+{other}" in variants(f"+{one}"))


def person_at(address: Any, user_id: Any = None, parent_user_id: Any = None) -> Person | None:
    """The person with these ids; None if no value is an id."""
    wa_id, user, parent = _ids(address, user_id, parent_user_id)
    return Person(wa_id, user, parent_user_id=parent) if wa_id or user or parent else None


def person_or_none(address: Any, user_id: Any, parent_user_id: Any, contacts: Contacts) -> Person | None:
    """The person with these ids, completed from the contacts of the change; None if there is no id anywhere."""
    person = person_at(address, user_id, parent_user_id)
    return contacts.alone if person is None else completed(person, contacts.matching(person))


def person_of(address: Any, user_id: Any, parent_user_id: Any, contacts: Contacts) -> Person:
    """`person_or_none`. Raises ValueError if there is no id anywhere."""
    person = person_or_none(address, user_id, parent_user_id, contacts)
    if person is None:
        raise ValueError("no sender")
    return person


def completed(person: Person, known: Person | None) -> Person:
    """The person with what the contacts of the change say beside their ids."""
    if known is None:
        return person
    return Person(
        person.wa_id or known.wa_id,
        person.user_id or known.user_id,
        known.name,
        known.username,
        person.parent_user_id or known.parent_user_id,
    )


def _ids(address: Any, user_id: Any, parent_user_id: Any) -> tuple[str | None, str | None, str | None]:
    """Return (wa_id, user_id, parent_user_id). User ids have been seen in the place of the phone number."""
    if isinstance(address, int) and not isinstance(address, bool):
        address = str(address)
    digits = None
    if isinstance(address, str):
        digits = _WA_ID.fullmatch(address) or _WA_ID.fullmatch(without_marks(address))
    user: str | None = None
    parent: str | None = None
    # What stands in its own place counts more, so it comes last.
    for one in (address, user_id):
        if isinstance(one, str) and _USER_ID.fullmatch(one):
            user, parent = (user, one) if _PARENT_ID.fullmatch(one) else (one, parent)
    if isinstance(parent_user_id, str) and _USER_ID.fullmatch(parent_user_id):
        parent = parent_user_id
    return digits[1] if digits is not None else None, user, parent
