"""Reads the items of `messages` and `message_echoes` (docs/whatsapp.md, "Messages that come in")."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from core.timestamps import from_epoch
from messaging.channels import Inbound, Media
from whatsapp.limits import MAX_ID, MAX_TYPE, MEDIA_TYPES
from whatsapp.payload.address_changes import address_change_in
from whatsapp.payload.display_text import shown_text, words_in
from whatsapp.payload.elements import (
    Echo,
    Edit,
    Element,
    Ignored,
    IncomingMessage,
    InGroup,
    Notice,
    Person,
    Reaction,
    Revoke,
)
from whatsapp.payload.json_fields import id_of, known_id, object_of, text_or_nothing
from whatsapp.payload.persons import Contacts, person_of, person_or_none
from whatsapp.payload.shared_phones import shared_phone_in

# Meta only says that somebody has opened the chat: it stays in the raw body.
RAW = "request_welcome"
# Meta could not, or would not, pass on what was written.
_WITHHELD = frozenset({"ephemeral", "unknown"})
# What every message may have beside its content.
_BESIDE = frozenset({"type", "context", "referral", "errors", "identity", "history_context"})
# How long Meta keeps a file that a customer sent.
MEDIA_KEPT_FOR = timedelta(days=7)
# What may come with a message beside its content, and is kept in its payload.
_ABOUT_IT = ("referral", "errors")
_ABOUT_ITS_CONTEXT = ("forwarded", "frequently_forwarded", "referred_product")


def read_message(message: dict[str, Any], number: str, display: str, contacts: Contacts) -> Element:
    """Read a message from a customer, or a change to another message. Raises ValueError."""
    ids = message.get("from"), message.get("from_user_id"), message.get("from_parent_user_id")
    if message.get("group_id"):
        return InGroup(number, display, person_or_none(*ids, contacts))
    kind = kind_of(message)
    if kind == RAW:
        return Ignored(kind)
    if kind == "system":
        return _system(message, number, display, contacts)
    sender = person_of(*ids, contacts)
    if kind == "edit" and (edited := edited_alone(message)) is not None:
        kind, message = kind_of(edited), edited
    if kind in _CHANGES:
        return _CHANGES[kind](message, number, display, sender)
    referral = message.get("referral")
    return IncomingMessage(
        number,
        display,
        sender,
        inbound_of(kind, message, sender.address),
        referral if isinstance(referral, dict) and referral else None,
        shared_phone_in(message, sender) if kind == "contacts" else None,
    )


def read_echo(message: dict[str, Any], number: str, display: str, contacts: Contacts) -> Element:
    """Read a message that was sent from the phone app: its `from` is our own number. Raises ValueError."""
    ids = message.get("to"), message.get("to_user_id"), message.get("to_parent_user_id")
    if message.get("group_id"):
        return InGroup(number, display, person_or_none(*ids, contacts))
    kind = kind_of(message)
    if kind == "system" or shows_nothing(kind, message):
        return Ignored(kind)
    if kind in _CHANGES:
        return _CHANGES[kind](message, number, display, None)
    recipient = person_of(*ids, contacts)
    return Echo(number, display, recipient, inbound_of(kind, message, None))


def kind_of(message: dict[str, Any]) -> str:
    """The type of a message; of one that does not say it, the key that holds its content, and else `unknown`."""
    said = message.get("type")
    if isinstance(said, str) and 0 < len(said) <= MAX_TYPE:
        return said
    contents = (key for key, value in message.items() if isinstance(value, dict | list) and value)
    found = next((key for key in contents if key not in _BESIDE), "unknown")
    return found if len(found) <= MAX_TYPE else "unknown"


def shows_nothing(kind: str, message: dict[str, Any]) -> bool:
    """Whether a message of this type has nothing to show in a chat, unless a customer wrote it and waits."""
    return kind == RAW or (kind in _WITHHELD and not (message.get("errors") or _content_of(kind, message)))


def _content_of(kind: str, message: dict[str, Any]) -> Any:
    """What stands under the name of the type. A message that disappears may have its words under `text`."""
    return message.get(kind) or (message.get("text") if kind in _WITHHELD else message.get(kind))


def inbound_of(kind: str, message: dict[str, Any], address: str | None) -> Inbound:
    """A message of this type from an address, None for one of ours. Raises ValueError."""
    content = _content_of(kind, message)
    if kind == "voice":  # a voice note, from before `audio` had a flag for them
        kind, content = "audio", {**object_of(content), "voice": True}
    replied = object_of(message.get("context")).get("id")
    return Inbound(
        wamid=known_id(message, "id", MAX_ID),
        type=kind,
        text=shown_text(kind, content),
        at=_at(message),
        payload=_payload(kind, content, message),
        reply_to_wamid=replied if isinstance(replied, str) and len(replied) <= MAX_ID else None,
        address=address,
        media=_media(content) if kind in MEDIA_TYPES else None,
    )


def _payload(kind: str, content: Any, message: dict[str, Any]) -> dict[str, Any]:
    """The content of a message, a list (contacts) wrapped in an object, with what else is worth keeping."""
    payload = dict(content) if isinstance(content, dict) else {} if content is None else {kind: content}
    context = object_of(message.get("context"))
    payload |= {key: message[key] for key in _ABOUT_IT if message.get(key)}
    payload |= {key: context[key] for key in _ABOUT_ITS_CONTEXT if context.get(key)}
    return payload


def _media(content: Any) -> Media | None:
    """Where the file is; None if Meta could not take it from the sender and so gives no id."""
    provider_id = id_of(content, "id", MAX_ID)
    if not provider_id:
        return None
    return Media(
        provider_id=provider_id,
        kept_for=MEDIA_KEPT_FOR,
        mime_type=text_or_nothing(content, "mime_type", 150),
        file_name=text_or_nothing(content, "filename", 255),
        sha256=text_or_nothing(content, "sha256", 64),
    )


def _at(message: dict[str, Any]) -> datetime:
    return from_epoch(message.get("timestamp"))


def _system(message: dict[str, Any], number: str, display: str, contacts: Contacts) -> Element:
    old, new = address_change_in(message, contacts)
    if not old and new is None:
        return Ignored("a notice about nobody")
    inbound = inbound_of("system", message, None)
    if "identity" in message:
        inbound.payload["identity"] = message["identity"]
    return Notice(number, display, old, new, inbound)


# --- Changes to another message. Without it there is nothing to change: that stays in the raw body. ---


def _reaction(message: dict[str, Any], number: str, display: str, by: Person | None) -> Element:
    content = object_of(message.get("reaction"))
    target, emoji = id_of(content, "message_id", MAX_ID), text_or_nothing(content, "emoji", 64)
    return Reaction(number, display, target, by, emoji, _at(message)) if target else Ignored("a reaction to nothing")


def edited_alone(message: dict[str, Any]) -> dict[str, Any] | None:
    """What an edit says that does not say of what: new words, which are a message of their own."""
    content = object_of(message.get("edit"))
    edited = object_of(content.get("message"))
    if id_of(content, "original_message_id", MAX_ID) or not edited or _new_words(edited) is None:
        return None
    beside = {key: value for key, value in message.items() if key not in ("type", "edit")}
    return {**beside, **edited, **{key: message.get(key) for key in ("id", "timestamp")}}


def _edit(message: dict[str, Any], number: str, display: str, by: Person | None) -> Element:
    content = object_of(message.get("edit"))
    target, words = id_of(content, "original_message_id", MAX_ID), _new_words(object_of(content.get("message")))
    if not target or words is None:
        return Ignored("an edit of nothing, or without words")
    return Edit(number, display, target, by, known_id(message, "id", MAX_ID), words, _at(message))


def _new_words(edited: dict[str, Any]) -> str | None:
    """The words of an edit, which for a file may be none; None if they cannot be read, so that those before stay."""
    kind = kind_of(edited)
    return words_in(kind, edited.get(kind)) or ("" if kind in MEDIA_TYPES else None)


def _revoke(message: dict[str, Any], number: str, display: str, by: Person | None) -> Element:
    target = id_of(object_of(message.get("revoke")), "original_message_id", MAX_ID)
    return Revoke(number, display, target, by, _at(message)) if target else Ignored("a deletion of nothing")


_CHANGES: dict[str, Callable[[dict[str, Any], str, str, Person | None], Element]] = {
    "reaction": _reaction,
    "edit": _edit,
    "revoke": _revoke,
}
