"""Reads the contacts of the phone app that shares our number (field `smb_app_state_sync`)."""

from dataclasses import replace
from typing import Any

from core.safe_json import storable
from whatsapp.payload.elements import ContactSync, Element, Ignored
from whatsapp.payload.json_fields import object_of, text_or_nothing
from whatsapp.payload.persons import Contacts, person_at


def read_contact_sync(item: dict[str, Any], number: str, display: str, contacts: Contacts) -> Element:
    """Read one contact that was added or changed there."""
    contact = object_of(item.get("contact"))
    person = person_at(contact.get("phone_number"), contact.get("user_id"))
    name = storable(text_or_nothing(contact, "full_name", 300) or text_or_nothing(contact, "first_name", 300)).strip()
    if item.get("type") != "contact" or item.get("action") != "add" or person is None or not name:
        return Ignored("nothing to learn of a contact")
    return ContactSync(number, display, replace(person, name=name))
