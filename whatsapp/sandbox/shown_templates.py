"""Templates as the customer sees them. A message names one and has its values; the words are with Meta."""

from typing import Any

from whatsapp.composing.template_messages import VARIABLE, rendered
from whatsapp.models import Template

Shown = dict[str, Any]
_MORE_OF_A_BUTTON = ("phone_number", "payload")


def shown_template(template: Template, components: list[dict[str, Any]]) -> Shown:
    """Header, body and footer with their values, and the buttons: `{type, text}` with `url`, `payload` or the like."""
    parts = {str(part.get("type", "")).upper(): part for part in template.components}
    header, footer = parts.get("HEADER", {}), parts.get("FOOTER", {})
    buttons = parts.get("BUTTONS", {}).get("buttons") or []
    return {
        "header": _filled(str(header.get("text") or ""), _parameters("header", components)),
        "body": rendered(template, components),
        "footer": str(footer.get("text") or ""),
        "buttons": [_button(index, button, components) for index, button in enumerate(buttons)],
    }


def _parameters(kind: str, components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [given for part in components if part["type"] == kind for given in part["parameters"]]


def _filled(text: str, parameters: list[dict[str, Any]]) -> str:
    values = {
        given.get("parameter_name", str(index)): str(given["text"])
        for index, given in enumerate(parameters, start=1)
        if "text" in given
    }
    return VARIABLE.sub(lambda found: values.get(found[1], found[0]), text)


def _button(index: int, button: dict[str, Any], components: list[dict[str, Any]]) -> Shown:
    mine = [part for part in components if part["type"] == "button" and part.get("index") == str(index)]
    given = _parameters("button", mine)
    shown = {"type": str(button.get("type", "")).upper(), "text": str(button.get("text") or "")}
    if button.get("url"):
        shown["url"] = _filled(str(button["url"]), given)
    shown |= {name: str(button[name]) for name in _MORE_OF_A_BUTTON if button.get(name)}
    shown |= {name: str(part[name]) for part in given for name in ("payload", "coupon_code") if name in part}
    return shown
