"""What the customer writes on the phone of the sandbox: checked, and built as Meta does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from core.bodies import BodySerializer
from core.fields import StrictBooleanField
from core.files.kinds import Family, kind_of
from core.files.names import shown_name
from core.files.uploads import UploadRefused, check_upload
from messaging.models import BusinessNumber, Direction, Message
from whatsapp.composing.payloads import ContactsSerializer, LocationSerializer, ReactionSerializer
from whatsapp.graph.media import largest_of
from whatsapp.limits import CAPTIONED_TYPES, MAX_CAPTION, MAX_ID, MAX_TEXT, MEDIA_TYPES, shown_size
from whatsapp.models import Identity
from whatsapp.sandbox import contents
from whatsapp.sandbox.wamids import wa_id_in
from whatsapp.sandbox.webhook_bodies import as_body, said


@dataclass(frozen=True)
class Phone:
    """Who writes: a number in international form, and which of our numbers they write to."""

    number: str
    business: BusinessNumber


def written(phone: Phone, data: Any) -> tuple[str, bytes]:
    """The id of a new message that says what `data` says, and the body of its webhook. Raises ValidationError.

    `data` has a `type` and what WRITES asks for under it, perhaps the WhatsApp name of whoever writes in
    `profile_name`, and in `reply_to` the id of the message that is answered.
    """
    head = _checked(_Head, data)
    content = WRITES[head["type"]](phone, data)
    if head.get("reply_to"):
        content["context"] = {"from": phone.business.external_id, "id": head["reply_to"]}
    payload = said(
        phone.business.external_id,
        phone.number,
        content,
        head.get("profile_name") or name_at(phone.number, phone.business),
    )
    return payload["entry"][0]["changes"][0]["value"]["messages"][0]["id"], as_body(payload)


def name_at(phone: str, number: BusinessNumber) -> str:
    """The WhatsApp name of whoever writes from a phone; empty if nobody has."""
    known = Identity.objects.filter(business_number=number, wa_id=phone.removeprefix("+")).newest_first()
    name: str | None = known.values_list("profile_name", flat=True).first()
    return name or ""


class _Head(BodySerializer):
    type = serializers.CharField()
    profile_name = serializers.CharField(required=False, allow_blank=True, max_length=100)
    reply_to = serializers.CharField(required=False, allow_blank=True, max_length=MAX_ID)

    def validate_type(self, kind: str) -> str:
        if kind not in WRITES:
            raise serializers.ValidationError(f"Use one of {', '.join(sorted(WRITES))}.")
        return kind


class _Text(BodySerializer):
    text = serializers.CharField(max_length=MAX_TEXT, trim_whitespace=False)


class SaidFile(BodySerializer):
    file = serializers.FileField()
    text = serializers.CharField(required=False, allow_blank=True, max_length=MAX_CAPTION)
    voice = StrictBooleanField(required=False)


class _Button(BodySerializer):
    text = serializers.CharField(max_length=MAX_TEXT)
    payload = serializers.CharField(required=False, max_length=MAX_TEXT)


class _Choice(BodySerializer):
    id = serializers.CharField(max_length=256)
    title = serializers.CharField(max_length=60)
    description = serializers.CharField(required=False, max_length=72)


class _Form(BodySerializer):
    name = serializers.ChoiceField(choices=["flow", "address_message"])
    answers = serializers.DictField()


class _CallPermission(BodySerializer):
    response = serializers.ChoiceField(choices=["accept", "reject"])


class _Order(BodySerializer):
    catalog_id = serializers.CharField(max_length=MAX_ID)
    products = serializers.ListField(child=serializers.CharField(max_length=MAX_ID), allow_empty=False, max_length=30)


class _Changed(BodySerializer):
    message_id = serializers.CharField(max_length=MAX_ID)


class _Edit(_Text, _Changed):
    pass


class _Reaction(ReactionSerializer, _Changed):
    pass


def _checked(serializer: type[serializers.Serializer[Any]], data: Any) -> dict[str, Any]:
    body = serializer(data=data)
    body.is_valid(raise_exception=True)
    checked: dict[str, Any] = dict(body.validated_data)
    return checked


def _text(phone: Phone, data: Any) -> contents.Content:
    return contents.text(_checked(_Text, data)["text"])


def _media(phone: Phone, data: Any) -> contents.Content:
    given, kind = _checked(SaidFile, data), data["type"]
    file = given["file"]
    try:
        mime_type = _mime_type(file, kind)
    except UploadRefused as error:
        raise ValidationError({"file": [str(error)]})
    name, caption, voice = shown_name(file.name), given.get("text", ""), given.get("voice", False)
    if caption and kind not in CAPTIONED_TYPES:
        raise ValidationError({"text": [f"WhatsApp shows no caption for messages of the type {kind}."]})
    return contents.media(kind, file, mime_type=mime_type, name=name, caption=caption, voice=voice)


_FAMILIES = {"image": Family.PICTURE, "sticker": Family.PICTURE, "video": Family.MEDIA, "audio": Family.MEDIA}


def _mime_type(file: Any, kind: str) -> str:
    check_upload(file)
    if file.size > largest_of(kind):
        raise UploadRefused(f"WhatsApp takes at most {shown_size(largest_of(kind))} as {kind}.")
    known = kind_of(file.name)
    if known is None or known.family is not _FAMILIES.get(kind, known.family):
        raise UploadRefused(f"This file cannot be sent as {kind}.")
    if kind == "audio" and known.mime_type.startswith("video/"):  # what browsers record has one ending for both
        return known.mime_type.replace("video/", "audio/")
    return known.mime_type


def _location(phone: Phone, data: Any) -> contents.Content:
    return contents.location(_checked(LocationSerializer, data))


def _contacts(phone: Phone, data: Any) -> contents.Content:
    return contents.contacts(_checked(ContactsSerializer, data)["contacts"])


def _own_number(phone: Phone, data: Any) -> contents.Content:
    return contents.own_number(phone.number)


def _reaction(phone: Phone, data: Any) -> contents.Content:
    given = _checked(_Reaction, data)
    return contents.reaction(given["message_id"], given["emoji"])


def _button(phone: Phone, data: Any) -> contents.Content:
    given = _checked(_Button, data)
    return contents.button(given["text"], given.get("payload") or given["text"])


def _choice(phone: Phone, data: Any) -> contents.Content:
    return contents.interactive(data["type"], _checked(_Choice, data))


def _form(phone: Phone, data: Any) -> contents.Content:
    given = _checked(_Form, data)
    return contents.form_reply(given["name"], given["answers"])


def _call_permission(phone: Phone, data: Any) -> contents.Content:
    return contents.call_permission(_checked(_CallPermission, data)["response"])


def _order(phone: Phone, data: Any) -> contents.Content:
    given = _checked(_Order, data)
    return contents.order(given["catalog_id"], given["products"])


def _edit(phone: Phone, data: Any) -> contents.Content:
    given = _checked(_Edit, data)
    message = _own(phone, given["message_id"])
    if message.type != "text" and message.type not in CAPTIONED_TYPES:
        raise ValidationError({"message_id": ["Only texts and captions can be edited."]})
    return contents.edit(given["message_id"], message.type, given["text"])


def _revoke(phone: Phone, data: Any) -> contents.Content:
    return contents.revoke(str(_own(phone, _checked(_Changed, data)["message_id"]).wamid))


def _own(phone: Phone, wamid: str) -> Message:
    """A message that this phone wrote. Raises ValidationError: WhatsApp lets nobody change what others wrote."""
    found = Message.objects.filter(business_number=phone.business, wamid=wamid, direction=Direction.INBOUND)
    message: Message | None = found.filter(deleted_at=None).first()
    if message is None or wa_id_in(wamid) != phone.number.removeprefix("+"):
        raise ValidationError({"message_id": ["This phone has not written that message."]})
    return message


WRITES: dict[str, Callable[[Phone, Any], contents.Content]] = {
    "text": _text,
    **dict.fromkeys(MEDIA_TYPES, _media),
    "location": _location,
    "contacts": _contacts,
    "own_number": _own_number,
    "reaction": _reaction,
    "button": _button,
    "button_reply": _choice,
    "list_reply": _choice,
    "nfm_reply": _form,
    "call_permission_reply": _call_permission,
    "order": _order,
    "edit": _edit,
    "revoke": _revoke,
}
