"""Reads the items of `statuses` and `user_preferences` (docs/whatsapp.md, "Statuses")."""

from typing import Any

from core.timestamps import from_epoch
from whatsapp.graph.errors import clean, describe
from whatsapp.graph.refusals import words_of
from whatsapp.limits import MAX_ID
from whatsapp.payload.elements import Element, Ignored, InGroup, Preference, StatusReport
from whatsapp.payload.json_fields import known_id, list_of
from whatsapp.payload.persons import Contacts, person_at, person_of, person_or_none

# `deleted` and `warning` do not move a message; they are kept with their time.
STATUSES = frozenset({"sent", "delivered", "read", "played", "failed", "deleted", "warning"})


def read_status(status: dict[str, Any], number: str, display: str, contacts: Contacts) -> Element:
    """Read one status of a message we sent. Raises ValueError."""
    if status.get("recipient_type") == "group":
        ids = status.get("recipient_participant_id"), status.get("recipient_participant_user_id")
        return InGroup(number, display, person_at(*ids, status.get("recipient_participant_parent_user_id")))
    about = status.get("type") or ("payment" if status.get("payment") else "message")
    if about != "message":
        return Ignored(f"a status of a {about}"[:100])  # a payment is captured, a call rings: nothing was delivered
    kind = status.get("status")
    if not isinstance(kind, str) or kind not in STATUSES:
        return Ignored("unknown status")
    ids = status.get("recipient_id"), status.get("recipient_user_id")
    key = status.get("biz_opaque_callback_data")
    pricing = status.get("pricing")
    return StatusReport(
        number,
        display,
        recipient=person_or_none(*ids, status.get("recipient_parent_user_id"), contacts),
        wamid=known_id(status, "id", MAX_ID),
        status=kind,
        at=from_epoch(status.get("timestamp")),
        message_key=key[:512] if isinstance(key, str) else "",
        error=_error(status.get("errors")) if kind == "failed" else None,
        pricing=pricing if isinstance(pricing, dict) else None,
    )


def _error(errors: Any) -> dict[str, Any]:
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    return describe(first.get("code"), _title(first), words_of(first)).as_error()


def _title(error: dict[str, Any]) -> str:
    return str(error.get("title") or error.get("message") or "")


def account_errors_in(errors: Any) -> tuple[str, ...]:
    """The errors of an account in words, with Meta's codes."""
    texts = []
    for error in list_of(errors):
        said = error if isinstance(error, dict) else {"message": str(error)}
        words = dict.fromkeys(part.rstrip(".") for part in (_title(said), words_of(said)) if part)
        code = said.get("code")
        texts.append(clean(f"{code}: {'. '.join(words)}" if code is not None else ". ".join(words)))
    return tuple(texts)


def read_preference(said: dict[str, Any], number: str, display: str, contacts: Contacts) -> Element:
    """Read whether somebody accepts marketing messages. Raises ValueError."""
    wish = said.get("value")
    if said.get("category") != "marketing_messages" or wish not in ("stop", "resume", "signup"):
        return Ignored("unknown preference")
    sender = person_of(said.get("wa_id"), said.get("user_id"), said.get("parent_user_id"), contacts)
    return Preference(number, display, sender, wish != "stop", from_epoch(said.get("timestamp")))
