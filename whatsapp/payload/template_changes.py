"""Reads changes of templates (docs/whatsapp.md, "Templates")."""

from collections.abc import Callable
from typing import Any

from whatsapp.limits import MAX_TEMPLATE_LANGUAGE, MAX_TEMPLATE_NAME, MAX_TEXT
from whatsapp.payload.elements import TemplateChange
from whatsapp.payload.json_fields import list_of, object_of, text_of, text_or_nothing

# Statuses with which a template can be sent, as with APPROVED.
_STATUSES = {"REINSTATED": "APPROVED", "FLAGGED": "APPROVED"}


def read_template(field: str, waba_id: str, value: dict[str, Any]) -> TemplateChange:
    """Read the value of a change whose field is in TEMPLATE_FIELDS. Raises ValueError."""
    changes, texts = TEMPLATE_FIELDS[field](value)
    name = text_of(value, "message_template_name", MAX_TEMPLATE_NAME)
    language = text_of(value, "message_template_language", MAX_TEMPLATE_LANGUAGE)
    return TemplateChange(waba_id, name, language, changes, texts)


def _status(value: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    event = text_of(value, "event", 40).upper()
    reason = text_or_nothing(value, "reason", 500)
    if reason in ("", "NONE"):
        reason = text_or_nothing(object_of(value.get("other_info")), "description", 500)
    if event == "FLAGGED":
        reason = reason or "Meta flagged it for low quality"
    return {"status": _STATUSES.get(event, event), "reason": reason}, {}


def _quality(value: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    return {"quality": text_of(value, "new_quality_score", 40)}, {}


def _category(value: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    # Without `new_category`, the change is only announced.
    category = text_or_nothing(value, "new_category", 40)
    return ({"category": category} if category else {}), {}


def _components(value: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
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


TEMPLATE_FIELDS: dict[str, Callable[[dict[str, Any]], tuple[dict[str, str], dict[str, Any]]]] = {
    "message_template_status_update": _status,
    "message_template_quality_update": _quality,
    "template_category_update": _category,
    "message_template_components_update": _components,
}
