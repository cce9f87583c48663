"""Reads changes of templates (docs/whatsapp.md, "Templates")."""

from collections.abc import Callable
from typing import Any

from whatsapp.limits import MAX_TEMPLATE_ID, MAX_TEMPLATE_LANGUAGE, MAX_TEMPLATE_NAME, MAX_TEXT
from whatsapp.payload.elements import TemplateChange
from whatsapp.payload.json_fields import id_of, list_of, object_of, text_of, text_or_nothing

# Statuses with which a template can be sent, as with APPROVED.
_STATUSES = {"REINSTATED": "APPROVED", "FLAGGED": "APPROVED", "UNARCHIVED": "APPROVED"}

Changes = tuple[dict[str, str], dict[str, Any]]


def read_template(field: str, waba_id: str, value: dict[str, Any]) -> TemplateChange:
    """Read the value of a change whose field is in TEMPLATE_FIELDS. Raises ValueError."""
    changes, texts = TEMPLATE_FIELDS[field](value)
    provider_id = id_of(value, "message_template_id", MAX_TEMPLATE_ID)
    name = text_or_nothing(value, "message_template_name", MAX_TEMPLATE_NAME)
    language = text_or_nothing(value, "message_template_language", MAX_TEMPLATE_LANGUAGE)
    if not provider_id and not (name and language):
        raise ValueError("the template is named neither by its id nor by name and language")
    return TemplateChange(waba_id, provider_id, name, language, changes, texts)


def _status(value: dict[str, Any]) -> Changes:
    if "event" not in value and "new_quality_score" in value:
        return _quality(value)  # Meta's own sample of a quality update is in this field
    event = text_of(value, "event", 40).upper()
    reason = _reason(value)
    if event == "FLAGGED":
        reason = reason or "Meta flagged it for low quality"
    changes = {"status": _STATUSES.get(event, event), "reason": reason}
    category = text_or_nothing(value, "message_template_category", 40)
    return (changes | {"category": category} if category else changes), {}


def _reason(value: dict[str, Any]) -> str:
    """Why the status changed, as far as Meta says it, in any of the places where it does."""
    rejection, other = object_of(value.get("rejection_info")), object_of(value.get("other_info"))
    said = [
        _said(value, "reason"),
        _said(rejection, "reason"),
        _said(rejection, "recommendation"),
        _said(other, "description") or _said(other, "title").replace("_", " ").capitalize(),
    ]
    if disabled := _said(object_of(value.get("disable_info")), "disable_date"):
        said.append(f"Disabled on {disabled}")
    parts = dict.fromkeys(part.rstrip(".") for part in said if part)
    return ". ".join(parts)[:500]


def _said(holder: dict[str, Any], key: str) -> str:
    text = text_or_nothing(holder, key, 500)
    return "" if text == "NONE" else text


def _quality(value: dict[str, Any]) -> Changes:
    return {"quality": text_of(value, "new_quality_score", 40)}, {}


def _category(value: dict[str, Any]) -> Changes:
    # A change that is only announced has `correct_category`; `new_category` is the present one then, or missing.
    category = text_or_nothing(value, "new_category", 40)
    return ({"category": category} if category else {}), {}


def _components(value: dict[str, Any]) -> Changes:
    texts: dict[str, Any] = {}
    for kind, key in (("HEADER", "title"), ("BODY", "element"), ("FOOTER", "footer")):
        if text := text_or_nothing(value, f"message_template_{key}", MAX_TEXT):
            texts[kind] = {"text": text}
    buttons = [_button(object_of(button)) for button in list_of(value.get("message_template_buttons"))]
    if buttons:
        texts["BUTTONS"] = {"buttons": buttons}
    return {}, texts


def _button(button: dict[str, Any]) -> dict[str, str]:
    said = {key: text_or_nothing(button, f"message_template_button_{key}", 2000) for key in ("type", "text", "url")}
    said["phone_number"] = text_or_nothing(button, "message_template_button_phone_number", 40)
    return {key: text for key, text in said.items() if text}


TEMPLATE_FIELDS: dict[str, Callable[[dict[str, Any]], Changes]] = {
    "message_template_status_update": _status,
    "message_template_quality_update": _quality,
    "template_category_update": _category,
    "message_template_components_update": _components,
}
