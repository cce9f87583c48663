"""Checks the `payload` of interactive messages. The shape is Meta's (docs/whatsapp.md, "Interactive messages")."""

from dataclasses import dataclass
from typing import Any

from rest_framework import serializers

from core.fields import KnownFieldsOnly
from whatsapp.composing import interactive_actions as actions
from whatsapp.composing.interactive_cards import CardsAction
from whatsapp.composing.media_sources import MediaSource
from whatsapp.limits import HEADER_MEDIA, MAX_BODY, MAX_FOOTER, MAX_HEADER, MAX_LIST_BODY

_TEXT, _ANY = frozenset({"text"}), frozenset({"text", *HEADER_MEDIA})


@dataclass(frozen=True)
class _Shape:
    """What one type consists of: which kinds of header it takes, and whether it has a footer and needs a body."""

    action: type[serializers.Serializer[Any]]
    headers: frozenset[str] = frozenset()
    needs_header: bool = False
    footer: bool = False
    needs_body: bool = True
    longest_body: int = MAX_BODY


_SHAPES = {
    "button": _Shape(actions.Buttons, _ANY, footer=True),
    "list": _Shape(actions.Rows, _TEXT, footer=True, longest_body=MAX_LIST_BODY),
    "cta_url": _Shape(actions.Link, _ANY, footer=True),
    "flow": _Shape(actions.Flow, _ANY, footer=True),
    "product": _Shape(actions.Product, footer=True, needs_body=False),
    "product_list": _Shape(actions.ProductList, _TEXT, needs_header=True, footer=True),
    "catalog_message": _Shape(actions.Catalog, footer=True),
    "carousel": _Shape(CardsAction),
    "location_request_message": _Shape(actions.AskForLocation),
    "request_contact_info": _Shape(actions.AskForNumber),
    "address_message": _Shape(actions.AskForAddress),
    "call_permission_request": _Shape(actions.AskToCall),
    "voice_call": _Shape(actions.VoiceCall),
    "order_details": _Shape(actions.OrderToPay),
    "order_status": _Shape(actions.OrderReview),
}
TYPES = tuple(_SHAPES)


class _Text(KnownFieldsOnly):
    """`{text}`. How long it may be, depends on the type of the message."""

    text = serializers.CharField()


class _Header(KnownFieldsOnly):
    """A text, or a file by its id or link; without either if the file is uploaded with the message."""

    type = serializers.ChoiceField(choices=["text", *HEADER_MEDIA])
    text = serializers.CharField(required=False, max_length=MAX_HEADER)
    image = MediaSource(required=False)
    video = MediaSource(required=False)
    document = MediaSource(required=False, named=True)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        kind = data["type"]
        if unused := data.keys() - {"type", kind}:
            raise serializers.ValidationError(dict.fromkeys(unused, f"A header of the type {kind} has only a {kind}."))
        uploaded = kind in HEADER_MEDIA and self.root.context.get("uploaded")
        if uploaded and kind in data:
            raise serializers.ValidationError({kind: "Leave it out: the file comes as `media`."})
        if not uploaded and kind not in data:
            raise serializers.ValidationError({kind: "This field is required."})
        return data if kind in data else {**data, kind: {}}


class InteractiveSerializer(KnownFieldsOnly):
    """`context["uploaded"]` says that the file of the header comes with the message."""

    type = serializers.ChoiceField(choices=TYPES)
    header = _Header(required=False)
    body = _Text(required=False)
    footer = _Text(required=False)
    # What only asks for something has nothing to choose in it.
    action = serializers.DictField(required=False)

    class Meta:
        ref_name = None

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        shape = _SHAPES[data["type"]]
        if wrong := _wrong_parts(shape, data):
            raise serializers.ValidationError(wrong)
        action = shape.action(data=data.get("action", {}))
        if not action.is_valid():
            missing = "action" not in data
            raise serializers.ValidationError({"action": "This field is required." if missing else action.errors})
        return {**data, "action": action.validated_data}


def _wrong_parts(shape: _Shape, data: dict[str, Any]) -> dict[str, str]:
    """What the header, body and footer lack, or have too much."""
    header, body, footer = data.get("header"), data.get("body"), data.get("footer")
    wrong = {}
    if header is None and shape.needs_header:
        wrong["header"] = "This field is required."
    if header is not None and header["type"] not in shape.headers:
        wrong["header"] = "The header of this type is a text." if shape.headers else "This type has no header."
    if footer is not None and not shape.footer:
        wrong["footer"] = "This type has only a body."
    if body is None and shape.needs_body:
        wrong["body"] = "This field is required."
    for name, part, longest in (("body", body, shape.longest_body), ("footer", footer, MAX_FOOTER)):
        if part is not None and len(part["text"]) > longest:
            wrong[name] = f"Ensure this field has no more than {longest} characters."
    return wrong


def interactive_text(payload: dict[str, Any]) -> str:
    """What lists show of the message and the search finds: its body, or the product that stands alone."""
    body = payload.get("body")
    return str(body["text"]) if body else f"[product: {payload['action']['product_retailer_id']}]"
