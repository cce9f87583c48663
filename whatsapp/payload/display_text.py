"""The text of a message, for its bubble, for the preview in lists and for the search."""

from collections.abc import Callable
from typing import Any

from whatsapp.limits import MAX_TEXT, MEDIA_TYPES
from whatsapp.payload.forms_and_orders import answers_in, order_in
from whatsapp.payload.json_fields import list_of, object_of


def shown_text(kind: str, content: Any) -> str:
    """Return the body, the caption or the title of the tapped button; the type in brackets if there is no text.

    A message with a file may have no text.
    """
    return words_in(kind, content) or ("" if kind in MEDIA_TYPES else f"[{kind}]")


def words_in(kind: str, content: Any) -> str:
    """The words in the content of a message of this type; empty if there are none."""
    return _WORDS.get(kind, _common)(content)


def _body(content: Any) -> str:
    """The words of a text message, all of them. Some clients leave out the object around them."""
    body = content.get("body") if isinstance(content, dict) else content
    return body if isinstance(body, str) else _text(body)


def _text(value: Any) -> str:
    """A text, or a number in place of one."""
    written = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    return written[:MAX_TEXT] if isinstance(written, str) else ""


def _common(content: Any) -> str:
    content = object_of(content)
    return _text(content.get("caption")) or _text(content.get("text")) or _text(content.get("body"))


def _interactive(content: Any) -> str:
    content = object_of(content)
    kind = _text(content.get("type")) or next((name for name in content if name.endswith("_reply")), "")
    reply = object_of(content.get(kind))
    if kind == "call_permission_reply" and _text(reply.get("response")):
        return f"[call permission: {_text(reply['response'])}]"
    if kind == "nfm_reply":
        return answers_in(reply) or _text(reply.get("body"))
    # The last is what a business sent, from its phone app or by its agent.
    return _text(reply.get("title")) or _text(reply.get("body")) or _text(object_of(content.get("body")).get("text"))


def _location(content: Any) -> str:
    content = object_of(content)
    name, address = _text(content.get("name")), _text(content.get("address"))
    if name or address:
        return address if name in address else ", ".join(part for part in (name, address) if part)
    place = [_degrees(content.get(key)) for key in ("latitude", "longitude")]
    return ", ".join(place) if all(place) else ""


def _degrees(value: Any) -> str:
    """A number, which may be written as text."""
    return _text(value)[:40]


def _contacts(content: Any) -> str:
    return ", ".join(filter(None, map(_card, map(object_of, list_of(content)))))[:MAX_TEXT]


def _card(card: dict[str, Any]) -> str:
    """The name on a card, or else its numbers: people who share their own send no name."""
    name = object_of(card.get("name"))
    given = " ".join(filter(None, (_text(name.get("first_name")), _text(name.get("last_name")))))
    return _text(name.get("formatted_name")) or given or ", ".join(_numbers(card)) or _company_or_mail(card)


def _numbers(card: dict[str, Any]) -> list[str]:
    found = []
    for phone in map(object_of, list_of(card.get("phones"))):
        wa_id = _text(phone.get("wa_id"))
        found.append(_text(phone.get("phone")) or (f"+{wa_id}" if wa_id else ""))
    return list(dict.fromkeys(filter(None, found)))


def _company_or_mail(card: dict[str, Any]) -> str:
    mails = [_text(object_of(mail).get("email")) for mail in list_of(card.get("emails"))]
    return _text(object_of(card.get("org")).get("company")) or ", ".join(filter(None, mails))


def _unsupported(content: Any) -> str:
    kind = _text(object_of(content).get("type"))
    return f"[unsupported: {kind}]" if kind else ""


_WORDS: dict[str, Callable[[Any], str]] = {
    "text": _body,
    "interactive": _interactive,
    "location": _location,
    "contacts": _contacts,
    "order": order_in,
    "unsupported": _unsupported,
}
