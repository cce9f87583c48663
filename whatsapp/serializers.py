"""Templates, for the salesperson who picks one to send, and the addresses a customer writes from."""

from typing import Any

from rest_framework import serializers

from core.timestamps import iso
from whatsapp.composing.template_messages import variables_of
from whatsapp.models import Identity, Template


class TemplateSerializer(serializers.Serializer[Any]):
    """A template. The fields are declared for the documentation only: `to_representation` builds the row."""

    id = serializers.IntegerField()
    account = serializers.CharField(help_text="the id of its WhatsApp Business Account")
    name = serializers.CharField()
    language = serializers.CharField()
    category = serializers.CharField(help_text="MARKETING, UTILITY or AUTHENTICATION")
    status = serializers.CharField(help_text="only APPROVED templates can be sent")
    reason = serializers.CharField(help_text="why it cannot be sent")
    quality = serializers.CharField()
    parameter_format = serializers.CharField(help_text="POSITIONAL or NAMED")
    variables = serializers.DictField(
        help_text="what has to be filled in: `header` and `body` list the variables of their texts, `buttons` has the "
        "index, type and text of each button that needs a value, `header_format` is TEXT, IMAGE, VIDEO, DOCUMENT, "
        "LOCATION or empty"
    )
    components = serializers.ListField(child=serializers.DictField(), help_text="Meta's description of the parts")
    synced_at = serializers.DateTimeField()

    class Meta:
        ref_name = "Template"

    def to_representation(self, template: Template) -> dict[str, Any]:
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


class BusinessNumberSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField(help_text="as WhatsApp displays it")

    class Meta:
        ref_name = "BusinessNumberRef"


class IdentitySerializer(serializers.Serializer[Any]):
    """An identity. The fields are declared for the documentation only: `to_representation` builds the row."""

    id = serializers.IntegerField()
    business_number = BusinessNumberSerializer(help_text="the number of ours that they wrote to")
    wa_id = serializers.CharField(allow_null=True, help_text="their phone in digits; null while they hide it")
    user_id = serializers.CharField(allow_null=True, help_text="Meta's id of the person for this business")
    username = serializers.CharField()
    profile_name = serializers.CharField()
    proved = serializers.BooleanField(help_text="they wrote from it, or shared it on request")
    last_inbound_at = serializers.DateTimeField(allow_null=True, help_text="when they last wrote from it")
    detached_at = serializers.DateTimeField(allow_null=True, help_text="when staff said that it is not theirs")

    class Meta:
        ref_name = "Identity"

    def to_representation(self, identity: Identity) -> dict[str, Any]:
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


def _variables(template: Template) -> dict[str, Any]:
    found: dict[str, Any] = {"header": [], "header_format": "", "body": [], "buttons": []}
    for part in template.components:
        kind = str(part.get("type", "")).upper()
        if kind == "HEADER":
            found["header_format"] = str(part.get("format") or "TEXT").upper()
        if kind in ("HEADER", "BODY"):
            found[kind.lower()] = variables_of(str(part.get("text") or ""))
        for index, button in enumerate(part.get("buttons") or [] if kind == "BUTTONS" else []):
            form = str(button.get("type", "")).lower()
            if form == "copy_code" or (form == "url" and variables_of(str(button.get("url") or ""))):
                found["buttons"].append({"index": index, "type": form, "text": button.get("text") or ""})
    return found
