"""The `action` of each type of interactive message, as Meta has it."""

import re
from typing import Any

from rest_framework import serializers

from core.fields import KnownFieldsOnly
from whatsapp.composing.payments import OrderDetails, OrderStatus
from whatsapp.composing.products import MAX_PRODUCT_ID, ProductSection, checked_sections
from whatsapp.limits import MAX_FLOW_LABEL, MAX_URL

MAX_BUTTONS, MAX_ROWS, MAX_SECTIONS = 3, 10, 10
MAX_LABEL, MAX_BUTTON_ID = 20, 256
# Thirty days.
MAX_TTL_MINUTES = 43_200
_EMOJI = re.compile("[\u2600-\u27bf\ufe0f\u20e3\U0001f000-\U0001faff]")


def _named(name: str) -> serializers.ChoiceField:
    """The name of an action, which is known by the type of the message."""
    return serializers.ChoiceField(choices=[name], default=name)


class _Reply(KnownFieldsOnly):
    id = serializers.CharField(max_length=MAX_BUTTON_ID)
    title = serializers.CharField(max_length=MAX_LABEL)


class _Button(KnownFieldsOnly):
    type = serializers.ChoiceField(choices=["reply"])
    reply = _Reply()


class Buttons(KnownFieldsOnly):
    buttons = serializers.ListField(child=_Button(), allow_empty=False, max_length=MAX_BUTTONS)

    def validate_buttons(self, buttons: list[dict[str, Any]]) -> list[dict[str, Any]]:
        all_different([button["reply"]["id"] for button in buttons], "id")
        all_different([button["reply"]["title"] for button in buttons], "title")
        return buttons


class _QuickReply(KnownFieldsOnly):
    type = serializers.ChoiceField(choices=["quick_reply"])
    quick_reply = _Reply()


class QuickReplies(KnownFieldsOnly):
    """The buttons of a card."""

    buttons = serializers.ListField(child=_QuickReply(), allow_empty=False, max_length=MAX_BUTTONS)

    def validate_buttons(self, buttons: list[dict[str, Any]]) -> list[dict[str, Any]]:
        all_different([button["quick_reply"]["id"] for button in buttons], "id")
        all_different([button["quick_reply"]["title"] for button in buttons], "title")
        return buttons


class _Row(KnownFieldsOnly):
    id = serializers.CharField(max_length=200)
    title = serializers.CharField(max_length=24)
    description = serializers.CharField(required=False, max_length=72)


class _Section(KnownFieldsOnly):
    title = serializers.CharField(required=False, max_length=24)
    rows = serializers.ListField(child=_Row(), allow_empty=False)


class Rows(KnownFieldsOnly):
    button = serializers.CharField(max_length=MAX_LABEL)
    sections = serializers.ListField(child=_Section(), allow_empty=False, max_length=MAX_SECTIONS)

    def validate_sections(self, sections: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len(sections) > 1 and not all(section.get("title") for section in sections):
            raise serializers.ValidationError("With more than one section, each needs a title.")
        rows = [row["id"] for section in sections for row in section["rows"]]
        if len(rows) > MAX_ROWS:
            raise serializers.ValidationError(f"A list can have at most {MAX_ROWS} rows in all its sections together.")
        all_different(rows, "id")
        return sections


class _LinkParameters(KnownFieldsOnly):
    display_text = serializers.CharField(max_length=MAX_LABEL)
    url = serializers.URLField(max_length=MAX_URL)

    def validate_url(self, url: str) -> str:
        if not url.lower().startswith(("https://", "http://")):
            raise serializers.ValidationError("Give an address that begins with https:// or http://.")
        return url


class Link(KnownFieldsOnly):
    name = _named("cta_url")
    parameters = _LinkParameters()


class _FlowPayload(KnownFieldsOnly):
    screen = serializers.CharField(max_length=200)

    def get_fields(self) -> dict[str, Any]:
        # `data` is a property of every serializer.
        return {**super().get_fields(), "data": serializers.DictField(required=False, allow_empty=False)}


class _FlowParameters(KnownFieldsOnly):
    flow_message_version = serializers.ChoiceField(choices=["3"], default="3")
    # What Meta takes for it if there is none.
    flow_token = serializers.CharField(default="unused", max_length=1000)
    flow_id = serializers.CharField(required=False, max_length=200)
    flow_name = serializers.CharField(required=False, max_length=200)
    flow_cta = serializers.CharField(max_length=MAX_FLOW_LABEL)
    flow_action = serializers.ChoiceField(choices=["navigate", "data_exchange"], required=False)
    flow_action_payload = _FlowPayload(required=False)
    mode = serializers.ChoiceField(choices=["draft", "published"], required=False)

    def validate_flow_cta(self, label: str) -> str:
        if _EMOJI.search(label):
            raise serializers.ValidationError("WhatsApp takes no emoji here.")
        return label

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if ("flow_id" in data) == ("flow_name" in data):
            raise serializers.ValidationError({"flow_id": "Name the flow by its flow_id or its flow_name."})
        goes, first = data.get("flow_action"), "flow_action_payload" in data
        if goes == "navigate" and not first:
            raise serializers.ValidationError({"flow_action_payload": "Name the screen to begin with."})
        if goes == "data_exchange" and first:
            raise serializers.ValidationError({"flow_action_payload": "With data_exchange, your server names it."})
        return data


class Flow(KnownFieldsOnly):
    name = _named("flow")
    parameters = _FlowParameters()


class Product(KnownFieldsOnly):
    catalog_id = serializers.CharField(max_length=MAX_PRODUCT_ID)
    product_retailer_id = serializers.CharField(max_length=MAX_PRODUCT_ID)


class ProductList(KnownFieldsOnly):
    catalog_id = serializers.CharField(max_length=MAX_PRODUCT_ID)
    sections = serializers.ListField(child=ProductSection(), allow_empty=False)

    def validate_sections(self, sections: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return checked_sections(sections)


class _CatalogParameters(KnownFieldsOnly):
    thumbnail_product_retailer_id = serializers.CharField(required=False, max_length=MAX_PRODUCT_ID)


class Catalog(KnownFieldsOnly):
    name = _named("catalog_message")
    parameters = _CatalogParameters(required=False)


class AskForLocation(KnownFieldsOnly):
    name = _named("send_location")


class AskForNumber(KnownFieldsOnly):
    name = _named("request_contact_info")


class AskToCall(KnownFieldsOnly):
    name = _named("call_permission_request")


class _CallParameters(KnownFieldsOnly):
    display_text = serializers.CharField(required=False, max_length=MAX_LABEL)
    ttl_minutes = serializers.IntegerField(required=False, min_value=1, max_value=MAX_TTL_MINUTES)


class VoiceCall(KnownFieldsOnly):
    name = _named("voice_call")
    parameters = _CallParameters(required=False)


class _AddressValues(KnownFieldsOnly):
    """The parts of an address in India, the only country in which WhatsApp asks for one."""

    name = serializers.CharField(required=False, max_length=250)
    phone_number = serializers.CharField(required=False, max_length=50)
    in_pin_code = serializers.RegexField(r"\A[0-9]{6}\Z", required=False)
    house_number = serializers.CharField(required=False, max_length=250)
    floor_number = serializers.CharField(required=False, max_length=250)
    tower_number = serializers.CharField(required=False, max_length=250)
    building_name = serializers.CharField(required=False, max_length=250)
    address = serializers.CharField(required=False, max_length=1000)
    landmark_area = serializers.CharField(required=False, max_length=250)
    city = serializers.CharField(required=False, max_length=250)
    state = serializers.CharField(required=False, max_length=250)


class _SavedAddress(KnownFieldsOnly):
    id = serializers.CharField(max_length=MAX_BUTTON_ID)
    value = _AddressValues()


class _AddressParameters(KnownFieldsOnly):
    country = serializers.ChoiceField(choices=["IN"])
    values = _AddressValues(required=False)
    saved_addresses = serializers.ListField(child=_SavedAddress(), required=False, allow_empty=False)
    validation_errors = serializers.DictField(child=serializers.CharField(max_length=1000), required=False)

    def validate_validation_errors(self, errors: dict[str, str]) -> dict[str, str]:
        if unknown := errors.keys() - _AddressValues().fields.keys():
            raise serializers.ValidationError(f"An address has no {', '.join(sorted(unknown))}.")
        return errors


class AskForAddress(KnownFieldsOnly):
    name = _named("address_message")
    parameters = _AddressParameters()


class OrderToPay(KnownFieldsOnly):
    name = _named("review_and_pay")
    parameters = OrderDetails()


class OrderReview(KnownFieldsOnly):
    name = _named("review_order")
    parameters = OrderStatus()


def all_different(values: list[str], what: str) -> None:
    """Raise ValidationError if two of the values are the same."""
    if len(set(values)) < len(values):
        raise serializers.ValidationError(f"Each {what} can be used only once.")
