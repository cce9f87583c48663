"""Reads the items of `calls` (docs/whatsapp.md, "Calls")."""

from datetime import datetime
from typing import Any

from core.timestamps import from_epoch
from messaging.channels import Inbound
from whatsapp.limits import MAX_ID
from whatsapp.payload.elements import Call, Element, Ignored, Ringing
from whatsapp.payload.json_fields import known_id
from whatsapp.payload.mending import is_time
from whatsapp.payload.persons import Contacts, person_of

# What is kept in the chat of what Meta says about a call. Not the session, with the addresses of devices.
_KEPT = ("direction", "status", "start_time", "end_time", "duration", "deeplink_payload", "cta_payload", "errors")


def read_call(call: dict[str, Any], number: str, display: str, contacts: Contacts) -> Element:
    """Read one event of a call. Raises ValueError.

    Only those of calls that a customer makes count: Patter makes none itself, and who does, knows.
    """
    event = call.get("event")
    if call.get("direction") != "USER_INITIATED" or event not in ("connect", "terminate"):
        return Ignored(f"a call: {event}"[:100])
    ids = call.get("from"), call.get("from_user_id"), call.get("from_parent_user_id")
    caller, call_id, at = person_of(*ids, contacts), known_id(call, "id", MAX_ID), from_epoch(call.get("timestamp"))
    if event == "connect":
        return Ringing(number, display, caller, call_id, at)
    seconds = _seconds(call)
    payload = {key: call[key] for key in _KEPT if call.get(key) is not None}
    payload |= {"missed": not seconds, "seconds": seconds}
    text = f"Call, {shown_time(seconds)}" if seconds else "Missed call"
    inbound = Inbound(call_id, "call", text, at, payload=payload, address=caller.address)
    return Call(number, display, caller, inbound, answered=bool(seconds))


def rang_for(inbound: Inbound, rang_at: datetime) -> Inbound:
    """A missed call with how long it rang, as far as that can be."""
    seconds = round((inbound.at - rang_at).total_seconds())
    if not 0 <= seconds < 3600:
        return inbound
    payload = {**inbound.payload, "rang_seconds": seconds}
    text = f"{inbound.text}, rang for {shown_time(seconds)}"
    return Inbound(inbound.wamid, inbound.type, text, inbound.at, payload=payload, address=inbound.address)


def shown_time(seconds: int) -> str:
    """How long a call took, as phones show it: `0:35`, `1:02:05`."""
    minutes, left = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def _seconds(call: dict[str, Any]) -> int:
    """How long they spoke; 0 if nobody answered. Meta says it, or when it began and ended."""
    said = call.get("duration")
    if isinstance(said, int | float | str) and not isinstance(said, bool) and str(said).isascii():
        try:
            return max(round(float(said)), 0)
        except (ValueError, OverflowError):
            pass
    if not is_time(call.get("start_time")) or not is_time(call.get("end_time")):
        return 0
    return max(round((from_epoch(call["end_time"]) - from_epoch(call["start_time"])).total_seconds()), 0)
