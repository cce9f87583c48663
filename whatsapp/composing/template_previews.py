"""A template with its values, before it is sent to anybody."""

from typing import Any

from rest_framework.exceptions import ValidationError

from core.fields import StrictBooleanField
from messaging.shown import Shown
from whatsapp.composing.template_messages import TemplateValuesSerializer, fill_in, require_approved
from whatsapp.models import Template


class TemplatePreviewSerializer(TemplateValuesSerializer):
    """The body of POST /api/templates/{id}/preview/."""

    with_file = StrictBooleanField(
        default=False, help_text="true if the file of the header will come with the message, as `media`"
    )

    class Meta:
        ref_name = "TemplatePreview"


def preview(template: Template, asked: Any) -> Shown:
    """The template as the customer will see it. Raises the ValidationError that sending would raise.

    What depends on the customer is not looked at: whether they stopped marketing messages.
    """
    body = TemplatePreviewSerializer(data=asked)
    if not body.is_valid():
        raise ValidationError({"template": body.errors})
    given = body.validated_data
    require_approved(template)
    done = fill_in(template, given.get("parameters"), given.get("components"), has_file=given["with_file"])
    return done.shown
