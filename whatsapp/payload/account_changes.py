"""Reads what Meta says about our account and its numbers (docs/whatsapp.md, "The account and its numbers")."""

from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime

from core.safe_json import storable
from core.timestamps import from_epoch
from whatsapp.payload.elements import AccountChange, Restricted
from whatsapp.payload.json_fields import id_of, list_of, object_of, text_of, text_or_nothing
from whatsapp.payload.restrictions import DISABLED, DISCONNECTED, reason_of, source_of, stops_sending

News = dict[str, Any]

# Numbers of `max_daily_conversations_per_business` -> the names that Meta gives them elsewhere.
_TIERS = {50: "TIER_50", 250: "TIER_250", 1000: "TIER_1K", 2000: "TIER_2K", 10000: "TIER_10K", 100000: "TIER_100K"}
# What ends our access to the account, and what gives it back.
_GONE = {
    "ACCOUNT_DELETED": "WhatsApp has deleted the business account.",
    "ACCOUNT_OFFBOARDED": "The business account was taken off WhatsApp's API.",
    "PARTNER_REMOVED": "The business account is no longer connected to this app.",
    "PARTNER_APP_UNINSTALLED": "This app was removed from the business account.",
}
_BACK = {
    "ACCOUNT_RECONNECTED": "The business account is connected again.",
    "PARTNER_ADDED": "The business account is connected to this app.",
    "PARTNER_APP_INSTALLED": "This app was added to the business account.",
}


def read_account_change(field: str, entry: dict[str, Any], value: dict[str, Any]) -> AccountChange:
    """Read the value of a change whose field is in ACCOUNT_FIELDS. Raises ValueError."""
    said_at = entry.get("time")
    account = id_of(object_of(value.get("waba_info")), "waba_id", 64) or text_of(entry, "id", 64)
    shown = text_or_nothing(value, "display_phone_number", 40) or text_or_nothing(value, "phone_number", 40)
    news: News = {"code": field, "text": "", **ACCOUNT_FIELDS[field](value)}
    alerts_number = field == "account_alerts" and str(value.get("entity_type")).upper() == "PHONE_NUMBER"
    return AccountChange(
        account=account,
        phone="".join(filter(str.isdigit, shown)),
        phone_number_id=id_of(value, "entity_id", 64) if alerts_number else "",
        at=from_epoch(said_at) if said_at else None,
        **{**news, "text": storable(news["text"])[:500]},
    )


def _account(value: dict[str, Any]) -> News:
    event = text_of(value, "event", 100).upper()
    if event in _GONE:
        why = object_of(value.get("disconnection_info")).get("reason")
        text = _GONE[event] + (f" ({_words(why)})" if isinstance(why, str) and why else "")
        return {"code": event, "text": text, "holds": {DISCONNECTED: text}}
    if event in _BACK:
        return {"code": event, "text": _BACK[event], "lifts": (DISCONNECTED,)}
    if event == "DISABLED_UPDATE":
        return _ban(object_of(value.get("ban_info")))
    if event == "ACCOUNT_RESTRICTION":
        return _restriction(value)
    if event == "ACCOUNT_VIOLATION":
        kind = text_or_nothing(object_of(value.get("violation_info")), "violation_type", 100)
        return {"code": event, "text": f"WhatsApp found a violation of its rules: {_words(kind or 'not named')}."}
    return {"code": event, "text": f"{_words(event).capitalize()}."}


def _ban(info: dict[str, Any]) -> News:
    state = text_or_nothing(info, "waba_ban_state", 60).upper()
    date = text_or_nothing(info, "waba_ban_date", 60)
    since = f" ({date})" if date else ""
    if state == "REINSTATE":
        text = f"WhatsApp has reinstated the business account{since}."
        return {"code": state, "text": text, "lifts": (DISABLED, DISCONNECTED), "reinstated": True}
    if state == "SCHEDULE_FOR_DISABLE":
        return {"code": state, "text": f"WhatsApp will disable the business account{since}."}
    text = f"WhatsApp has disabled the business account{since}."
    return {"code": state or "DISABLED_UPDATE", "text": text, "holds": {DISABLED: text}}


def _restriction(value: dict[str, Any]) -> News:
    found = []
    for one in map(object_of, list_of(value.get("restriction_info"))):
        kind = text_or_nothing(one, "restriction_type", 60).upper()
        if kind:
            found.append(Restricted(kind, reason_of(kind), _end_of(one.get("expiration"))))
    text = " ".join(one.text for one in found) or "WhatsApp has restricted the business account."
    stopped = {source_of(one.code): (one.text, one.until) for one in found if stops_sending(one.code)}
    return {
        "code": "ACCOUNT_RESTRICTION",
        "text": text,
        "holds": {source: reason for source, (reason, _) in stopped.items()},
        "ends": {source: until for source, (_, until) in stopped.items() if until is not None},
        "restrictions": tuple(found),
    }


def _end_of(said: Any) -> datetime | None:
    """When a restriction ends; None if it is open. Meta writes seconds, as a number or as text, or perhaps a date."""
    if not said:
        return None
    try:
        return from_epoch(said)
    except ValueError:
        pass
    for read in (parse_datetime, _date, _date_in_words):
        try:
            found = read(str(said))
        except ValueError:
            continue
        if found is not None:
            return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    return None


def _date(text: str) -> datetime | None:
    found = parse_date(text)
    return datetime.combine(found, time.min) if found is not None else None


def _date_in_words(text: str) -> datetime:
    return datetime.strptime(text, "%B %d, %Y")


def _alert(value: dict[str, Any]) -> News:
    info = object_of(value.get("alert_info")) or value
    kind = text_or_nothing(info, "alert_type", 100)
    if not kind:
        raise ValueError("alert_type is missing or not a text")
    severity = text_or_nothing(info, "alert_severity", 40)
    words = text_or_nothing(info, "alert_description", 400) or f"{_words(kind).capitalize()}."
    return {"code": kind.upper(), "text": f"{severity.capitalize()}: {words}" if severity else words}


def _quality(value: dict[str, Any]) -> News:
    event = text_of(value, "event", 100).upper()
    facts = {"limit": _limit(value) or text_or_nothing(value, "current_limit", 40)}
    if event == "THROUGHPUT_UPGRADE":
        facts["throughput"] = "HIGH"
    if event == "FLAGGED":
        facts |= {"quality": "RED", "status": "FLAGGED"}
    if event == "UNFLAGGED":
        facts |= {"quality": "UNKNOWN", "status": "CONNECTED"}
    limit = f" Limit: {facts['limit']}." if facts["limit"] else ""
    return {"code": event, "text": f"{_words(event).capitalize()}.{limit}", "facts": _known(facts)}


def _capability(value: dict[str, Any]) -> News:
    limit = _limit(value)
    text = (
        f"The business may now write to {limit} customers first in a day." if limit else "What it may do has changed."
    )
    return {"code": "business_capability_update", "text": text, "facts": _known({"limit": limit})}


def _limit(value: dict[str, Any]) -> str:
    said = value.get("max_daily_conversations_per_business", value.get("max_daily_conversation_per_phone"))
    if isinstance(said, str) and not said.lstrip("-").isdigit():
        return said[:40].upper()
    try:
        count = int(said)  # type: ignore[arg-type]  # what is no number raises
    except (TypeError, ValueError):
        return ""
    return "TIER_UNLIMITED" if count < 0 else _TIERS.get(count, f"TIER_{count}")


def _security(value: dict[str, Any]) -> News:
    event = text_of(value, "event", 100).upper()
    by = id_of(value, "requester", 100)
    return {"code": event, "text": f"Two-step verification: {_words(event)}{f', by {by}' if by else ''}."}


def _review(value: dict[str, Any]) -> News:
    decision = text_of(value, "decision", 60).upper()
    return {"code": f"REVIEW_{decision}", "text": f"WhatsApp's review of the business account: {_words(decision)}."}


def _name(value: dict[str, Any]) -> News:
    decision = text_of(value, "decision", 60).upper()
    name = storable(text_or_nothing(value, "requested_verified_name", 150))
    why = text_or_nothing(value, "rejection_reason", 200)
    because = f" ({_words(why)})" if why and why != "NONE" else ""
    facts = {"name": name} if decision == "APPROVED" and name else {}
    return {"code": f"NAME_{decision}", "text": f"The name {name}: {_words(decision)}{because}.", "facts": facts}


def _words(code: str) -> str:
    return code.replace("_", " ").lower()


def _known(facts: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in facts.items() if value}


ACCOUNT_FIELDS: dict[str, Callable[[dict[str, Any]], News]] = {
    "account_update": _account,
    "account_alerts": _alert,
    "phone_number_quality_update": _quality,
    "business_capability_update": _capability,
    "security": _security,
    "account_review_update": _review,
    "phone_number_name_update": _name,
}
