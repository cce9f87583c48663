"""Templates, for the salesperson who picks one to send, and the addresses a customer writes from."""

from typing import Annotated, TypedDict

from rest_framework import serializers

from core.shapes import FreeObject, OneOf, Ref, Time
from core.timestamps import iso
from whatsapp.composing.template_messages import variables_of
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
    variables: TemplateVariables
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


def _variables(template: Template) -> TemplateVariables:
    found: TemplateVariables = {"header": [], "header_format": "", "body": [], "buttons": []}
    for part in template.components:
        kind = str(part.get("type", "")).upper()
        if kind == "HEADER":
            found["header_format"] = str(part.get("format") or "TEXT").upper()
            found["header"] = variables_of(str(part.get("text") or ""))
        if kind == "BODY":
            found["body"] = variables_of(str(part.get("text") or ""))
        for index, button in enumerate(part.get("buttons") or [] if kind == "BUTTONS" else []):
            form = str(button.get("type", "")).lower()
            if form == "copy_code" or (form == "url" and variables_of(str(button.get("url") or ""))):
                found["buttons"].append({"index": index, "type": form, "text": button.get("text") or ""})
    return found
