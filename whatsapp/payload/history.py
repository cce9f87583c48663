"""Reads the chats of the phone app that shares our number (field `history`; docs/whatsapp.md, "The phone app")."""

from collections.abc import Iterator
from typing import Any, Literal

from core.phones import variants
from core.timestamps import from_epoch
from messaging.past import PastMessage, PastReaction
from whatsapp.limits import MAX_ID
from whatsapp.payload.elements import AccountErrors, Broken, Element, Ignored, PastMessages, Person
from whatsapp.payload.json_fields import id_of, list_of, object_of, text_or_nothing
from whatsapp.payload.mending import is_time, stored
from whatsapp.payload.messages import inbound_of, kind_of, shows_nothing
from whatsapp.payload.persons import Contacts, completed, person_at
from whatsapp.payload.statuses import account_errors_in

# How many messages of a chat are stored in one transaction.
AT_ONCE = 200

_Status = Literal["sent", "delivered", "read", "played", "failed"]
_STATUSES: dict[str, _Status] = {"READ": "read", "PLAYED": "played", "DELIVERED": "delivered", "ERROR": "failed"}
_NOT_SENT = {
    "code": "not_sent",
    "title": "It was not sent",
    "detail": "The phone app could not send it.",
    "retryable": False,
}
# What changes other messages: they come as they are by now.
_NOT_SHOWN = frozenset({"edit", "revoke", "system"})


def read_history(item: dict[str, Any], number: str, display: str, contacts: Contacts) -> list[Element]:
    """Read a part of the history: its chats, or why the phone app gives none."""
    if item.get("errors"):
        return [AccountErrors(account_errors_in(item["errors"]))]
    found: list[Element] = []
    for at, thread in enumerate(list_of(item.get("threads"))):
        found += _Thread(thread, number, display, contacts, f".threads[{at}]").elements()
    return found


def read_late_file(message: dict[str, Any], number: str, display: str, contacts: Contacts) -> list[Element]:
    """Read a message that brings the file which its chat had a placeholder for."""
    ours = _is_ours(message, None, display)
    ids = ("to", "to_user_id", "to_parent_user_id") if ours else ("from", "from_user_id", "from_parent_user_id")
    person = person_at(*(message.get(name) for name in ids))
    said = _past(message, person, ours=ours)
    known = completed(person, contacts.matching(person)) if person is not None else contacts.alone
    return [PastMessages(number, display, known, (said,))] if isinstance(said, PastMessage) else [Ignored("no file")]


class _Thread:
    """One chat of a part. What is wrong with one of its messages keeps out none of the others."""

    def __init__(self, thread: Any, number: str, display: str, contacts: Contacts, where: str) -> None:
        self.thread, self.number, self.display, self.where = object_of(thread), number, display, where
        self.contacts = contacts
        # The time of the message before, for one that has none.
        self.time: Any = None

    def elements(self) -> Iterator[Element]:
        person, said_there = self._person(), list_of(self.thread.get("messages"))
        if person is None:
            if said_there:
                yield Broken(self.where, "a chat with nobody")
            return
        messages: list[PastMessage] = []
        reactions: list[PastReaction] = []
        times = (object_of(one).get("timestamp") for one in said_there)
        self.time = next(filter(is_time, times), None)
        for at, message in enumerate(said_there):
            try:
                said = self._read(message, person)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                yield Broken(f"{self.where}.messages[{at}]", str(error) or type(error).__name__)
                continue
            if isinstance(said, PastMessage):
                messages.append(said)
            elif said is not None:
                reactions.append(said)
        for start in range(0, len(messages), AT_ONCE):
            yield PastMessages(self.number, self.display, person, tuple(messages[start : start + AT_ONCE]))
        if reactions:
            yield PastMessages(self.number, self.display, person, (), tuple(reactions))

    def _person(self) -> Person | None:
        more = object_of(self.thread.get("context"))
        ids = (self.thread.get("user_id") or more.get("user_id"), more.get("parent_user_id"))
        person = person_at(self.thread.get("id") or self.thread.get("wa_id") or more.get("wa_id"), *ids)
        return completed(person, self.contacts.matching(person)) if person is not None else None

    def _read(self, message: Any, person: Person) -> PastMessage | PastReaction | None:
        if not isinstance(message, dict):
            raise ValueError("not an object")
        message = stored(message)
        self.time = message["timestamp"] if is_time(message.get("timestamp")) else self.time
        return _past({**message, "timestamp": self.time}, person, ours=_is_ours(message, person, self.display))


def _past(message: dict[str, Any], person: Person | None, *, ours: bool) -> PastMessage | PastReaction | None:
    """Read one message; None for what shows nothing. Raises ValueError."""
    kind = kind_of(message)
    if kind in _NOT_SHOWN or shows_nothing(kind, message) or message.get("group_id"):
        return None
    address = person.address if person is not None else ""
    if kind == "reaction":
        said = object_of(message.get("reaction"))
        target, emoji = id_of(said, "message_id", MAX_ID), text_or_nothing(said, "emoji", 64)
        if not target:
            return None
        return PastReaction(target, None if ours else address, emoji, from_epoch(message.get("timestamp")))
    inbound = inbound_of(kind, message, None if ours else address)
    if not ours:
        return PastMessage(inbound, "inbound", "read")
    word = object_of(message.get("history_context")).get("status")
    status: _Status = _STATUSES.get(word.upper(), "sent") if isinstance(word, str) else "sent"
    return PastMessage(inbound, "outbound", status, _NOT_SENT if status == "failed" else None)


def _is_ours(message: dict[str, Any], person: Person | None, display: str) -> bool:
    """Whether we wrote it: `from` is our number, or else not the number or id of the other one."""
    sender = person_at(message.get("from"), message.get("from_user_id"), message.get("from_parent_user_id"))
    ours = "".join(filter(str.isdigit, display))
    if sender is None:
        return bool(message.get("to") or message.get("to_user_id"))
    if person is not None and _meet(sender, person):
        return False
    if sender.wa_id is not None and ours:
        return f"+{sender.wa_id}" in variants(f"+{ours}")
    return person is not None or bool(message.get("to"))


def _meet(one: Person, other: Person) -> bool:
    if one.wa_id is not None and other.wa_id is not None and f"+{one.wa_id}" in variants(f"+{other.wa_id}"):
        return True
    return any(value == other.ids.get(name) for name, value in one.ids.items())
