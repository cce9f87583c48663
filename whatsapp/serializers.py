"""Templates, for the salesperson who picks one to send, and the addresses a customer writes from."""

from typing import Annotated, TypedDict

from rest_framework import serializers

from core.shapes import FreeObject, OneOf, Ref, Time
from core.timestamps import iso
from whatsapp.composing.template_parts import parts_of, variables_of, wanted_by
from whatsapp.filters import CATEGORIES, STATUSES
from whatsapp.models import Identity, Template


class TemplateButton(TypedDict):
    """A button that needs a value."""

    index: int
    type: str
    text: str


class TemplateVariables(TypedDict):
    """What has to be filled in before a template can be sent."""

    header: Annotated[list[str], "the variables of the header's text"]
    header_format: Annotated[str, "TEXT, IMAGE, VIDEO, DOCUMENT, LOCATION or empty"]
    body: Annotated[list[str], "the variables of the body's text"]
    buttons: list[TemplateButton]


class TemplateParameter(TypedDict):
    """A value that a template asks for."""

    place: Annotated[str, "header, body, button or limited_time_offer"]
    card: Annotated[int | None, "the index of its card in a carousel; null outside of cards"]
    index: Annotated[int | None, "the index of its button"]
    sub_type: Annotated[str | None, "the type of its button: url, copy_code, quick_reply, flow ..."]
    name: Annotated[str, "of the variable in the text: a word, or its number; empty where there is none"]
    kind: Annotated[
        str,
        "text, code (one-time password), image, video, gif, document, location, product, time (the end of an offer), "
        "coupon_code, payload, flow, products, thumbnail, ttl_minutes or order_details",
    ]
    required: Annotated[bool, "whether it must be given"]
    example: Annotated[str | None, "as Meta got it when the template was made"]
    text: Annotated[str, "the text of the button or offer"]


class TemplateRow(TypedDict):
    """A message template, as Meta knows it."""

    id: int
    account: Annotated[str, "the id of its WhatsApp Business Account"]
    name: str
    language: str
    category: Annotated[str, OneOf(CATEGORIES)]
    status: Annotated[str, OneOf(STATUSES), "only APPROVED templates can be sent"]
    reason: Annotated[str, "why it cannot be sent"]
    quality: str
    parameter_format: Annotated[str, "POSITIONAL or NAMED"]
    variables: Annotated[TemplateVariables, "`parameters` in short, without cards and offers"]
    parameters: Annotated[list[TemplateParameter], "every value it asks for, in the order in which they are read"]
    components: Annotated[list[FreeObject], "Meta's description of the parts"]
    synced_at: Time


class TemplateSerializer(serializers.BaseSerializer[Template]):
    """Shows templates."""

    def to_representation(self, template: Template) -> TemplateRow:
        return {
            "id": template.pk,
            "account": template.waba_id,
            "name": template.name,
            "language": template.language,
            "category": template.category,
            "status": template.status,
            "reason": template.reason,
            "quality": template.quality,
            "parameter_format": template.parameter_format,
            "variables": _variables(template),
            "parameters": _parameters(template),
            "components": template.components,
            "synced_at": iso(template.synced_at),
        }


class IdentityRow(TypedDict):
    """An address on WhatsApp from which a customer writes."""

    id: int
    business_number: Annotated[Ref, "the number of ours that they wrote to, named as WhatsApp displays it"]
    wa_id: Annotated[str | None, "their phone in digits; null while they hide it"]
    user_id: Annotated[str | None, "Meta's id of the person for this business"]
    username: str
    profile_name: str
    proved: Annotated[bool, "they wrote from it, or shared it on request"]
    last_inbound_at: Annotated[Time | None, "when they last wrote from it"]
    detached_at: Annotated[Time | None, "when staff said that it is not theirs"]


class IdentitySerializer(serializers.BaseSerializer[Identity]):
    """Shows identities."""

    def to_representation(self, identity: Identity) -> IdentityRow:
        number = identity.business_number
        return {
            "id": identity.pk,
            "business_number": {"id": number.pk, "name": number.display or number.external_id},
            "wa_id": identity.wa_id,
            # People who are only known by the id that linked businesses share are written to at that one.
            "user_id": identity.user_id or identity.parent_user_id,
            "username": identity.username,
            "profile_name": identity.profile_name,
            "proved": identity.proved,
            "last_inbound_at": iso(identity.last_inbound_at),
            "detached_at": iso(identity.detached_at),
        }


def _parameters(template: Template) -> list[TemplateParameter]:
    return [
        {
            "place": one.place,
            "card": one.card,
            "index": one.index,
            "sub_type": one.sub_type or None,
            "name": one.name,
            "kind": one.kind,
            "required": one.required,
            "example": one.example,
            "text": one.text,
        }
        for one in wanted_by(parts_of(template))
    ]


def _variables(template: Template) -> TemplateVariables:
    parts = parts_of(template)
    asked = [one for one in parts.buttons if one.type in ("url", "copy_code") and one.value is not None]
    return {
        "header": variables_of(parts.header_text),
        "header_format": parts.header_format,
        "body": variables_of(parts.body_text),
        "buttons": [{"index": one.index, "type": one.type, "text": one.text} for one in asked],
    }
