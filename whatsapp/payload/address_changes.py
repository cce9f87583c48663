"""Reads who can be reached at another number or id from now on (docs/whatsapp.md, "Identities").

Meta has said so in many forms, and none of the ids is always there.
"""

import re
from typing import Any

from whatsapp.payload.elements import AddressChange, Element, Ignored, Person
from whatsapp.payload.json_fields import object_of, text_or_nothing
from whatsapp.payload.persons import Contacts, completed, person_at

_CHANGES = frozenset({"user_changed_number", "customer_changed_number", "user_changed_user_id"})
# Other types that bring one of these speak of a change, too.
_PREVIOUS = ("previous_user_id", "previous_parent_user_id", "previous_wa_id")
_DIRECTION_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_FROM_TO = re.compile(r"\bfrom (\S+) to (\S+)")

Old = tuple[Person, ...]


def address_change_in(message: dict[str, Any], contacts: Contacts) -> tuple[Old, Person | None]:
    """Whom a `system` message is about: one person for each of their ids, the most telling one first.

    The second is where they can be reached now; None if the notice is about something else.
    """
    said = object_of(message.get("system"))
    sent_as = person_at(None, message.get("from_user_id"), message.get("from_parent_user_id"))
    sent_from = person_at(message.get("from"))
    is_change = text_or_nothing(said, "type", 100) in _CHANGES
    was, new = _said(said, is_change or any(said.get(name) for name in _PREVIOUS))
    if new is None and is_change and sent_from is not None:
        new = sent_as  # nothing else is there that could be the new id
    people = _each([*was, sent_as, person_at(said.get("customer")), sent_from], new)
    if not people and contacts.alone is not None:
        people = _each([contacts.alone], new)
    return people, _completed(new, contacts, people) if new is not None else None


def _said(said: dict[str, Any], is_change: bool) -> tuple[list[Person | None], Person | None]:
    """The old ids in the notice itself, and the new ones."""
    if not is_change:
        return [], None
    words = _FROM_TO.search(_DIRECTION_MARKS.sub("", text_or_nothing(said, "body", 1000)))
    was, is_now = (word.strip(".,;") for word in words.groups()) if words is not None else (None, None)
    address = said.get("wa_id") or said.get("new_wa_id")
    if said.get("new_wa_id") and address == said.get("customer"):
        address = said["new_wa_id"]
    new = person_at(address, said.get("user_id"), said.get("parent_user_id")) or person_at(is_now)
    old = [
        person_at(None, said.get("previous_user_id")),
        person_at(None, None, said.get("previous_parent_user_id")),
        person_at(said.get("previous_wa_id")),
        person_at(was),
    ]
    return old, new


def _each(people: list[Person | None], new: Person | None) -> Old:
    """A person for each of the ids, without those that are new: Meta puts the new ones in any place."""
    known = set(new.ids.values()) if new is not None else set()
    found: dict[str, Person] = {}
    for person in filter(None, people):
        for one in person.by_each_id():
            if one.address not in known:
                found.setdefault(one.address, one)
    return tuple(found.values())


def _completed(new: Person, contacts: Contacts, old: Old) -> Person:
    """The new ids with those that stand beside them in the contacts of the change."""
    for value in new.ids.values():
        known = contacts.by_id.get(value)
        if known is not None and not {person.address for person in old} & set(known.ids.values()):
            return completed(new, known)
    return new


def read_id_update(item: dict[str, Any], number: str, display: str, contacts: Contacts) -> Element:
    """Read an item of `user_id_update`, a field that Meta announced and withdrew."""
    user, parent = object_of(item.get("user_id")), object_of(item.get("parent_user_id"))
    new = person_at(None, user.get("current"), parent.get("current"))
    if new is None:
        return Ignored("an update without a new id")
    old = [person_at(None, user.get("previous")), person_at(None, None, parent.get("previous"))]
    return AddressChange(number, display, _each([*old, person_at(item.get("wa_id"))], new), new)
