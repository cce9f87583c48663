"""Turns a draft into the content of a message, or refuses it before anything is queued.

The limits are in docs/whatsapp.md, "Messages that go out".
"""

from collections.abc import Callable
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.serializers import Serializer

from messaging.channels import Content, Draft
from messaging.errors import NumberCannotSend
from messaging.models import Message
from whatsapp.access_tokens import access_of
from whatsapp.composing.files import check_file, type_of
from whatsapp.composing.interactive import InteractiveSerializer, interactive_text
from whatsapp.composing.payloads import ContactsSerializer, LocationSerializer, ReactionSerializer
from whatsapp.composing.template_messages import compose_template, sendable
from whatsapp.limits import CAPTIONED_TYPES, HEADER_MEDIA, MAX_CAPTION, MEDIA_TYPES
from whatsapp.payload.display_text import shown_text

# Types whose header can show a file.
WITH_HEADER = frozenset({"template", "interactive"})


def compose(draft: Draft) -> Content:
    """Return the content to send for a draft. Raises ValidationError by field, and NumberCannotSend."""
    access = access_of(draft.number)
    if access is None:
        raise NumberCannotSend(str(draft.number))
    kind = draft.type or (type_of(draft.file) if draft.file is not None else "text")
    if kind in MEDIA_TYPES:
        return _media(draft, kind)
    if draft.file is not None and kind not in WITH_HEADER:
        raise ValidationError({"media": [f"A message of the type {kind} cannot carry a file."]})
    if draft.template is not None and kind != "template":
        raise ValidationError({"template": ["Only messages of the type template use this field."]})
    if kind == "template":
        _without(draft, kind, "text", "payload")
        return compose_template(draft, access.waba_id)
    if kind == "text":
        return _text(draft)
    return _COMPOSERS[kind](draft)


def recheck(message: Message) -> None:
    """Check again what may have changed since a message was queued. Raises ValidationError and NumberCannotSend."""
    access = access_of(message.business_number)
    if access is None:
        raise NumberCannotSend(str(message.business_number))
    if message.type == "template":
        name, language = message.payload["name"], message.payload["language"]["code"]
        sendable(message.customer, message.business_number, access.waba_id, name, language)


def _text(draft: Draft) -> Content:
    _without(draft, "text", "payload")
    if not draft.text.strip():
        raise ValidationError({"text": ["This field may not be blank."]})
    return Content("text", draft.text, {"body": draft.text})


def _media(draft: Draft, kind: str) -> Content:
    _without(draft, kind, "payload", "template")
    if draft.file is None:
        raise ValidationError({"media": [f"A message of the type {kind} needs a file, as multipart/form-data."]})
    mime_type = check_file(draft.file, kind)
    if draft.text and kind not in CAPTIONED_TYPES:
        raise ValidationError({"text": [f"WhatsApp shows no caption for messages of the type {kind}."]})
    if len(draft.text) > MAX_CAPTION:
        raise ValidationError({"text": [f"A caption can have at most {MAX_CAPTION} characters."]})
    return Content(kind, draft.text, {"caption": draft.text} if draft.text else {}, mime_type)


def _location(draft: Draft) -> Content:
    _without(draft, "location", "text")
    payload = _checked(LocationSerializer, draft)
    return Content("location", shown_text("location", payload), payload)


def _contacts(draft: Draft) -> Content:
    _without(draft, "contacts", "text")
    payload = _checked(ContactsSerializer, draft)
    return Content("contacts", shown_text("contacts", payload["contacts"]), payload)


def _interactive(draft: Draft) -> Content:
    """Without a body in the payload, `text` is the body."""
    given = dict(draft.payload or {})
    if draft.text:
        given.setdefault("body", {"text": draft.text})
    mime_type = _header_file(draft, given) if draft.file is not None else ""
    payload = _checked(InteractiveSerializer, draft, given, uploaded=draft.file is not None)
    return Content("interactive", interactive_text(payload), payload, mime_type)


def _header_file(draft: Draft, given: dict[str, Any]) -> str:
    """Check the file that the header shows, and return its MIME type. Without a header, the file makes one."""
    header = given.setdefault("header", {"type": type_of(draft.file)})
    kind = header.get("type") if isinstance(header, dict) else None
    if kind not in HEADER_MEDIA:
        raise ValidationError({"media": ["A header shows a picture, a video or a document, or else a text alone."]})
    return check_file(draft.file, kind)


def _reaction(draft: Draft) -> Content:
    _without(draft, "reaction", "text")
    if draft.reply_to is None:
        raise ValidationError({"reply_to": ["Name the message to react to."]})
    if not draft.reply_to.wamid or draft.reply_to.type == "reaction":
        raise ValidationError({"reply_to": ["This message is not on WhatsApp, so you cannot react to it."]})
    payload = _checked(ReactionSerializer, draft)
    return Content("reaction", payload["emoji"], payload)


def _checked(
    serializer_class: type[Serializer[Any]], draft: Draft, given: Any = None, **context: Any
) -> dict[str, Any]:
    given = draft.payload if given is None else given
    if given is None:
        raise ValidationError({"payload": ["This field is required."]})
    body = serializer_class(data=given, context=context)
    if not body.is_valid():
        raise ValidationError({"payload": body.errors})
    checked: dict[str, Any] = _plain(body.validated_data)
    return checked


def _plain(value: Any) -> Any:
    """Validated data as plain JSON values."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value


def _without(draft: Draft, kind: str, *fields: str) -> None:
    """Refuse fields that a type does not use, instead of dropping them silently."""
    given = [field for field in fields if getattr(draft, field) not in (None, "")]
    if given:
        raise ValidationError({field: [f"Messages of the type {kind} do not use this field."] for field in given})


_COMPOSERS: dict[str, Callable[[Draft], Content]] = {
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "reaction": _reaction,
}
