"""Finds the number that people share because we asked for it (docs/whatsapp.md, "Asking for the number")."""

import re
from typing import Any

from core.phones import variants
from whatsapp.payload.elements import Person
from whatsapp.payload.json_fields import object_of

_ASKED_FOR = "contact_request"
_DIGITS = re.compile(r"\+?(\d{8,15})", re.ASCII)
_BETWEEN_DIGITS = re.compile(r"[\s().\-\u00a0\u2010-\u2015\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def shared_phone_in(message: dict[str, Any], sender: Person) -> str | None:
    """The sender's own number in digits, if a message with contacts is the answer to our question for it.

    None for every other card, also for one that was forwarded: it proves nothing. So does a number that is not the one
    from which the message came, where Meta shows that.
    """
    cards = message.get("contacts")
    if not isinstance(cards, list):
        return None
    context = object_of(message.get("context"))
    if context.get("forwarded") or context.get("frequently_forwarded"):
        return None
    found = set()
    for card in map(object_of, cards):
        # An older form has the origin beside the cards.
        if card.get("origin", message.get("origin")) != _ASKED_FOR:
            return None
        phones = card.get("phones")
        found |= {_number(object_of(phone)) for phone in (phones if isinstance(phones, list) else [])}
    number = found.pop() if len(found) == 1 else None
    if number is not None and sender.wa_id is not None and f"+{sender.wa_id}" not in variants(f"+{number}"):
        return None
    return number


def _number(phone: dict[str, Any]) -> str | None:
    for given, written in ((phone.get("wa_id"), True), (phone.get("phone"), False)):
        text = _BETWEEN_DIGITS.sub("", given) if isinstance(given, str) else ""
        # Without a `+`, what is written for people may be a number as it is dialled at home.
        if (match := _DIGITS.fullmatch(text)) is not None and (written or text.startswith("+")):
            return match[1]
    return None
