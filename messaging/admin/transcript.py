"""A chat as people read it: what each message said, who wrote it, and what became of it."""

from collections.abc import Iterable
from typing import Any

from django.utils.dateparse import parse_datetime

from messaging.serializers.messages import MessageRow
from messaging.shown import Shown

# What stands in for a text, by the type of a message.
_KINDS = {
    "image": "Picture",
    "sticker": "Sticker",
    "video": "Video",
    "audio": "Voice message",
    "voice": "Voice message",
    "document": "Document",
    "location": "Location",
    "contacts": "Contact",
    "order": "Order",
    "template": "Template",
    "interactive": "Choice",
    "reaction": "Reaction",
    "unsupported": "Message that WhatsApp does not pass on",
    "system": "Notice",
    "call": "Call",
}
_TICKS = {
    **{"sent": "✓", "delivered": "✓✓", "read": "✓✓", "played": "✓✓"},
    **{"failed": "✗", "uncertain": "?", "cancelled": "⊘"},
}
_AGAIN = frozenset({"failed", "uncertain"})


def bubbles(messages: Iterable[MessageRow], customer_name: str) -> list[dict[str, Any]]:
    """Messages as a template shows them. Reads nothing."""
    return [_bubble(message, customer_name) for message in messages]


def _bubble(message: MessageRow, customer_name: str) -> dict[str, Any]:
    ours = message["direction"] == "outbound"
    answered, status = message["reply_to_preview"], message["status"]
    return {
        "id": message["id"],
        "ours": ours,
        "at": parse_datetime(message["ordered_at"]),
        "author": _writer(message) if ours else customer_name,
        "kind": "" if message["type"] in ("text", "button") else _KINDS.get(message["type"], message["type"]),
        "text": message["text"],
        "details": [] if message["deleted_at"] else _details(message),
        "media": _media(message),
        "answered": answered and (answered["text"] or _KINDS.get(answered["type"], answered["type"])),
        "reactions": " ".join(reaction["emoji"] for reaction in message["reactions"]),
        "edited": message["edited_at"] is not None,
        "deleted": message["deleted_at"] is not None,
        "status": status if ours else "",
        "tick": _TICKS.get(status, "…") if ours else "",
        "error": message["error"],
        "waiting": message["waiting"],
        "again": ours and status in _AGAIN,
    }


def _writer(message: MessageRow) -> str:
    if message["automatic"]:
        return "Automatic"
    return message["sender"]["name"] if message["sender"] else "sent from the phone"


def _media(message: MessageRow) -> dict[str, Any] | None:
    media = message["media"]
    if media is None:
        return None
    family = media["mime_type"].partition("/")[0]
    shown_as = family if family in ("image", "audio", "video") and media["url"] else "file"
    return {**media, "shown_as": shown_as, "name": media["file_name"] or _KINDS.get(message["type"], "File")}


def _details(message: MessageRow) -> list[str]:
    shown = message["shown"]
    found = details(message["type"], message["payload"])
    return found if shown is None else [line for line in (*found, shown["header"], *_shown_template(shown)) if line]


def _shown_template(shown: Shown) -> list[str]:
    """What a template shows beside its header and body."""
    offer = shown["offer"]
    lines = [f"{offer['text']} {offer['expires_at'] or ''}".strip()] if offer is not None else []
    for card in shown["cards"]:
        lines += [card["body"], *(f"○ {button['text']}" for button in card["buttons"])]
    return [*lines, *(f"○ {button['text']}" for button in shown["buttons"]), shown["footer"]]


def details(kind: str, payload: Any) -> list[str]:
    """What a message says besides its text, in lines: a place, cards, what was ordered, the choices that were given."""
    tell = _DETAILS.get(kind)
    try:
        return [line for line in tell(payload) if line] if tell else []
    except (AttributeError, TypeError, KeyError):
        # Payloads are the provider's: what is not as it says is shown on the message's own page.
        return []


def _location(payload: Any) -> list[str]:
    named = ", ".join(str(payload[part]) for part in ("name", "address") if payload.get(part))
    return [named, f"{payload.get('latitude')}, {payload.get('longitude')}"]


def _cards(payload: Any) -> list[str]:
    cards = payload if isinstance(payload, list) else payload.get("contacts") or []
    return [
        " ".join([str((card.get("name") or {}).get("formatted_name", "")), *_numbers(card)]).strip() for card in cards
    ]


def _numbers(card: Any) -> list[str]:
    return [str(phone.get("phone") or f"+{phone.get('wa_id')}") for phone in card.get("phones") or []]


def _order(payload: Any) -> list[str]:
    return [
        f"{item.get('quantity')} x {item.get('product_retailer_id')}, {item.get('item_price')} {item.get('currency')}"
        for item in payload.get("product_items") or []
    ]


def _interactive(payload: Any) -> list[str]:
    """The header, what can be tapped or chosen, and the footer of a message with choices."""
    action, footer = payload.get("action") or {}, payload.get("footer") or {}
    cards = [line for card in action.get("cards") or [] for line in _interactive_card(card)]
    return [_header(payload.get("header") or {}), *cards, *_choices(action), str(footer.get("text") or "")]


def _interactive_card(card: Any) -> list[str]:
    lines = [_header(card.get("header") or {}), str((card.get("body") or {}).get("text") or "")]
    return [*lines, *_choices(card.get("action") or {})]


def _header(header: Any) -> str:
    content = header.get(header.get("type"))
    if not isinstance(content, dict):
        return str(content or "")
    return str(content.get("filename") or content.get("link") or _KINDS.get(header["type"], ""))


def _choices(action: Any) -> list[str]:
    replies = [button.get("reply") or button.get("quick_reply") or {} for button in action.get("buttons") or []]
    sections = action.get("sections") or []
    rows = [row.get("title") for section in sections for row in section.get("rows") or []]
    products = [item.get("product_retailer_id") for section in sections for item in section.get("product_items") or []]
    parameters = action.get("parameters") or {}
    others = [parameters.get("display_text") or parameters.get("flow_cta"), action.get("product_retailer_id")]
    titles = [*(reply.get("title") for reply in replies), *rows, *products, *others]
    return [f"○ {title}" for title in titles if title]


def _template(payload: Any) -> list[str]:
    return [str(payload.get("name") or "")]


_DETAILS = {
    "location": _location,
    "contacts": _cards,
    "order": _order,
    "interactive": _interactive,
    "template": _template,
}
