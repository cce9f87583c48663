"""Templates as the customer sees them: a message names one and has its values, the words are with Meta."""

from datetime import UTC, datetime
from typing import Any

from core.timestamps import iso
from messaging.shown import Shown, ShownButton, ShownCard, ShownOffer
from whatsapp.composing.template_parts import Button, Parts
from whatsapp.composing.template_texts import filled

# What phones write on buttons that have no text of their own.
_LABELS = {
    "copy_code": "Copy offer code",
    "otp": "Copy code",
    "request_contact_info": "Share contact info",
    "call_permission_request": "Allow calls",
}
_ONE_TAP = "Autofill"
_SECURITY_NOTE = "For your security, do not share this code."


def shown_template(parts: Parts, components: list[dict[str, Any]]) -> Shown:
    """A template with the values in its `components`."""
    carousel = next((part for part in components if part["type"] == "carousel"), None)
    cards = zip_cards(parts, carousel["cards"]) if carousel is not None else []
    card = shown_card(parts, components)
    return {
        "header": filled(parts.header_text, _parameters("header", components)),
        "header_format": card["header_format"],
        "header_content": card["header_content"],
        "body": card["body"],
        "footer": _footer(parts),
        "offer": _offer(parts, components),
        "buttons": card["buttons"],
        "cards": [shown_card(described, given) for described, given in cards],
    }


def zip_cards(parts: Parts, cards: list[dict[str, Any]]) -> list[tuple[Parts, list[dict[str, Any]]]]:
    """Each card with its description: cards of products follow the last one that is described."""
    last = len(parts.cards) - 1
    return [(parts.cards[min(place, last)], card["components"]) for place, card in enumerate(cards)]


def shown_card(parts: Parts, components: list[dict[str, Any]]) -> ShownCard:
    """What a card shows, and a template as well."""
    form = parts.header_format.lower()
    header = next(iter(_parameters("header", components)), None) if form not in ("", "text") else None
    body = filled(parts.body_text, _parameters("body", components))
    if parts.body.get("add_security_recommendation") and _SECURITY_NOTE not in body:
        body = f"{body} {_SECURITY_NOTE}"
    return {
        "header_format": parts.header_format,
        "header_content": header and header[form],
        "body": body,
        "buttons": [_button(button, components) for button in parts.buttons],
    }


def _parameters(kind: str, components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [given for part in components if part["type"] == kind for given in part.get("parameters", [])]


def _footer(parts: Parts) -> str:
    minutes = parts.footer.get("code_expiration_minutes")
    return str(parts.footer.get("text") or (f"This code expires in {minutes} minutes." if minutes else ""))


def _offer(parts: Parts, components: list[dict[str, Any]]) -> ShownOffer | None:
    if not parts.offer:
        return None
    ends = [one["limited_time_offer"]["expiration_time_ms"] for one in _parameters("limited_time_offer", components)]
    at = datetime.fromtimestamp(ends[0] / 1000, UTC) if ends else None
    return {"text": str(parts.offer.get("text") or ""), "expires_at": iso(at)}


def _button(button: Button, components: list[dict[str, Any]]) -> ShownButton:
    mine = [part for part in components if part["type"] == "button" and part["index"] == str(button.index)]
    given, described = _parameters("button", mine), button.described
    label = _ONE_TAP if described.get("otp_type") == "ONE_TAP" else _LABELS.get(button.type, "")
    shown: ShownButton = {"type": button.type.upper(), "text": button.text or label}
    if button.is_code:
        shown["code"] = given[0]["text"] if given else ""
        return shown
    if described.get("url"):
        shown["url"] = filled(str(described["url"]), given)
    if described.get("phone_number"):
        shown["phone_number"] = str(described["phone_number"])
    for part in given:
        if "payload" in part:
            shown["payload"] = part["payload"]
        if "coupon_code" in part:
            shown["coupon_code"] = part["coupon_code"]
        if "action" in part:
            shown["action"] = part["action"]
    return shown
