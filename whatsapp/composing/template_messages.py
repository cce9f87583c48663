"""Fills in a template, and checks the values against its description from Meta: nothing goes out incomplete."""

import time
from dataclasses import dataclass
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from core.fields import KnownFieldsOnly
from customers.models import Customer
from messaging.channels import Content, Draft
from messaging.models import BusinessNumber
from messaging.shown import Shown
from whatsapp.composing.files import check_file
from whatsapp.composing.interactive_cards import MAX_CARDS, MIN_CARDS
from whatsapp.composing.shown_templates import shown_template
from whatsapp.composing.template_buttons import button_components
from whatsapp.composing.template_headers import header_component
from whatsapp.composing.template_languages import in_language
from whatsapp.composing.template_parts import Parts, parts_of
from whatsapp.composing.template_texts import shown_value, text_component
from whatsapp.composing.template_values import Given, given_values, refused
from whatsapp.limits import (
    HEADER_MEDIA,
    MAX_BODY,
    MAX_CARD_BODY,
    MAX_HEADER,
    MAX_OFFER_BODY,
    MAX_TEMPLATE_LANGUAGE,
    MAX_TEMPLATE_NAME,
)
from whatsapp.marketing import stopped_marketing
from whatsapp.models import Template

_KNOWN = frozenset({"HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER", "CALL_PERMISSION_REQUEST"})
# Later than any offer: seconds in place of milliseconds are before it.
_FIRST_MS = 100_000_000_000
# The end of the year 9999.
_LAST_MS = 253_402_300_799_000


class TemplateValuesSerializer(KnownFieldsOnly):
    """`components` has Meta's shape, `parameters` is a short form of it."""

    parameters = serializers.JSONField(
        required=False,
        allow_null=True,
        help_text="the values of the body as a list, or `{header, body, buttons, limited_time_offer, cards}`; "
        "of named variables an object of values by name",
    )
    components = serializers.ListField(
        child=serializers.DictField(), required=False, allow_null=True, max_length=20, help_text="in Meta's shape"
    )

    class Meta:
        ref_name = None

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if data.get("parameters") is not None and data.get("components") is not None:
            raise serializers.ValidationError({"parameters": ["Give parameters or components, not both."]})
        return data


class TemplateDraftSerializer(TemplateValuesSerializer):
    """The `template` of a message. Without a `language` it is the customer's, or the only one."""

    name = serializers.CharField(max_length=MAX_TEMPLATE_NAME)
    language = serializers.CharField(required=False, allow_null=True, max_length=MAX_TEMPLATE_LANGUAGE)

    class Meta:
        ref_name = None


@dataclass(frozen=True)
class FilledTemplate:
    """The components for Meta, and the template as the customer sees it."""

    components: list[dict[str, Any]]
    shown: Shown


def compose_template(draft: Draft, waba_id: str) -> Content:
    """Return the content of a template message. Raises ValidationError under `template` (or `media`)."""
    if draft.template is None:
        raise ValidationError({"template": ["This field is required."]})
    body = TemplateDraftSerializer(data=draft.template)
    if not body.is_valid():
        raise ValidationError({"template": body.errors})
    given = body.validated_data
    language = given.get("language") or in_language(waba_id, given["name"], draft.customer.preferred_language)
    template = sendable(draft.customer, draft.number, waba_id, given["name"], language)
    done = fill_in(template, given.get("parameters"), given.get("components"), has_file=draft.file is not None)
    mime_type = ""
    if draft.file is not None:
        form = parts_of(template).header_format.lower()
        if form not in HEADER_MEDIA:
            raise ValidationError({"media": ["The header of this template takes no file."]})
        mime_type = check_file(draft.file, form)
    payload = {"name": template.name, "language": {"code": template.language, "policy": "deterministic"}}
    return Content(
        "template",
        done.shown["body"],
        {**payload, "components": done.components},
        mime_type,
        shown=done.shown,
    )


def fill_in(
    template: Template, parameters: Any, components: list[dict[str, Any]] | None, *, has_file: bool = False
) -> FilledTemplate:
    """Fill in a template, with values in either form. Raises ValidationError under `template`.

    `has_file` says that the file of the header comes with the message.
    """
    parts, named = parts_of(template), template.parameter_format.upper() == "NAMED"
    given = given_values(parts, parameters, components, named=named)
    found = _components(parts, given, named=named, has_file=has_file)
    return FilledTemplate(found, shown_template(parts, found))


def _components(
    parts: Parts, given: Given, *, named: bool, has_file: bool = False, in_card: bool = False
) -> list[dict[str, Any]]:
    """The components for a template, or for one of its cards."""
    if unknown := parts.kinds - _KNOWN:
        raise refused("name", f"Patter cannot send templates with {', '.join(sorted(unknown)).lower()}.")
    form, found = parts.header_format.lower(), []
    if form == "text":
        found += text_component("header", parts.header_text, given, named=named, longest=MAX_HEADER)
    elif form:
        found += header_component(form, given, has_file=has_file)
    longest = MAX_CARD_BODY if in_card else MAX_OFFER_BODY if parts.offer else MAX_BODY
    body = text_component("body", parts.body_text, given, named=named, longest=longest, is_code=parts.is_code)
    found += body
    found += _offer(parts, given)
    found += _carousel(parts, given, named=named)
    code = shown_value(body[0]["parameters"][0]) if parts.is_code and body else ""
    found += button_components(parts, given, code=code)
    _nothing_left(parts, given)
    return found


def _offer(parts: Parts, given: Given) -> list[dict[str, Any]]:
    """When the offer ends, if the template says that it does."""
    if not parts.offer.get("has_expiration"):
        return []
    value = given.offer[0] if given.offer and len(given.offer) == 1 else None
    content = value.get("limited_time_offer") if isinstance(value, dict) else None
    ends = content.get("expiration_time_ms") if isinstance(content, dict) else None
    if not isinstance(ends, int) or isinstance(ends, bool):
        raise given.refused("The limited_time_offer needs its end, as expiration_time_ms.")
    if ends < _FIRST_MS:
        raise given.refused("Give expiration_time_ms in milliseconds since 1970, not in seconds.")
    if not time.time() * 1000 < ends <= _LAST_MS:
        raise given.refused("The offer has ended already, or never ends.")
    parameter = {"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": ends}}
    return [{"type": "limited_time_offer", "parameters": [parameter]}]


def _carousel(parts: Parts, given: Given, *, named: bool) -> list[dict[str, Any]]:
    """The cards. Those with products may be more or fewer than described, all others are as many."""
    if not parts.cards:
        return []
    count, cards = len(parts.cards), given.cards or []
    products = parts.cards[0].header_format == "PRODUCT"
    fits = MIN_CARDS <= len(cards) <= MAX_CARDS if products else len(cards) == count
    if not fits:
        needed = f"{MIN_CARDS} to {MAX_CARDS}" if products else count
        raise given.refused(f"The carousel needs {needed} cards; {len(cards)} were given.")
    found = []
    for place, card in enumerate(cards):
        try:
            described = parts.cards[min(place, count - 1)]
            components = _components(described, card, named=named, in_card=True)
        except ValidationError as error:
            raise _in_card(place, error)
        found.append({"card_index": place, "components": components})
    return [{"type": "carousel", "cards": found}]


def _in_card(place: int, error: ValidationError) -> ValidationError:
    """The same refusal, which says in which card."""
    said: Any = error.detail
    ((part, reasons),) = said["template"].items()
    return refused(part, f"Card {place}: {reasons[0]}")


def _nothing_left(parts: Parts, given: Given) -> None:
    """Raise ValidationError if values were given that the template does not use."""
    left = []
    if given.header and not parts.header_format:
        left.append("header")
    if given.offer and not parts.offer.get("has_expiration"):
        left.append("limited_time_offer")
    if given.cards and not parts.cards:
        left.append("cards")
    left += [f"button {index}" for index in given.buttons]
    if left:
        raise given.refused(f"The template does not use these values: {', '.join(left)}.")


def sendable(customer: Customer, number: BusinessNumber, waba_id: str, name: str, language: str) -> Template:
    """Return the template if it may be sent to the customer from the number now. Raises ValidationError."""
    template = Template.objects.filter(waba_id=waba_id, name=name, language=language).first()
    if template is None:
        others = Template.objects.filter(waba_id=waba_id, name=name).values_list("language", flat=True)
        if languages := ", ".join(sorted(others)):
            raise refused("language", f"This template is not available in {language}, only in {languages}.")
        raise refused("name", "There is no such template. `manage.py sync_templates` fetches new ones from Meta.")
    require_approved(template)
    if template.is_marketing and stopped_marketing(customer_id=customer.pk, number_id=number.pk):
        raise refused("name", "The customer has stopped marketing messages from this number.")
    return template


def require_approved(template: Template) -> None:
    """Raise ValidationError if the template may not be sent to anybody now."""
    if template.status != Template.SENDABLE:
        reason = f": {template.reason}" if template.reason else ""
        raise refused("name", f"The template is {template.status.lower()}{reason}.")
