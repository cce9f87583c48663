"""The buttons of a template, and what each of them takes."""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers

from core.fields import KnownFieldsOnly
from whatsapp.composing.interactive_actions import MAX_BUTTON_ID, MAX_TTL_MINUTES
from whatsapp.composing.payments import OrderDetails
from whatsapp.composing.products import MAX_PRODUCT_ID, ProductSection, checked_sections
from whatsapp.composing.template_parts import Button, Parts
from whatsapp.composing.template_texts import filled
from whatsapp.composing.template_values import Given, refused
from whatsapp.limits import MAX_COUPON, MAX_URL

Parameters = list[dict[str, Any]] | None


def button_components(parts: Parts, given: Given, *, code: str) -> list[dict[str, Any]]:
    """Components for the buttons that take something. `code` is the one-time password. Raises ValidationError."""
    found = []
    for button in parts.buttons:
        if not button.is_known:
            raise refused("name", f"Patter cannot send buttons of the type {button.type}.")
        values = given.buttons.pop(button.index, None)
        sub_type = "url" if button.is_code else button.type
        if given.sub_types.get(button.index, "") not in ("", sub_type):
            raise given.refused(f"The sub_type of button {button.index} is {sub_type}.")
        if button.is_code:
            found.append(_code_button(button, values, code, given))
            continue
        if button.value is None:
            if values:
                raise given.refused(f"Button {button.index} takes no value.")
            continue
        parameters = _TAKES[button.type](button, values, given)
        if parameters is not None:
            found.append(_component(button.type, button.index, parameters))
    return found


def _component(sub_type: str, index: int, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    component = {"type": "button", "sub_type": sub_type, "index": str(index)}
    return {**component, "parameters": parameters} if parameters else component


def _code_button(button: Button, values: list[Any] | None, code: str, given: Given) -> dict[str, Any]:
    """The button copies the code of the body, or hands it to an app: Meta wants it twice."""
    if values and _text_in(values, "text") != code:
        raise given.refused(f"Button {button.index} has the same code as the body.")
    return _component("url", button.index, [{"type": "text", "text": code}])


def _text_in(values: list[Any] | None, kind: str) -> Any:
    """The one value, alone or in Meta's parameter of this kind."""
    value = values[0] if values and len(values) == 1 else None
    if isinstance(value, dict):
        value = value.get(kind) if value.get("type") == kind else None
    return value


def _text(button: Button, values: list[Any] | None, given: Given, longest: int) -> str:
    kind = button.value[0] if button.value is not None else "text"
    value = _text_in(values, kind)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise given.refused(f"{_named(button)} needs one {kind}.")
    if len(value) > longest:
        raise given.refused(f"{_named(button)} takes at most {longest} characters.")
    return value


def _named(button: Button) -> str:
    return f"Button {button.index} ({button.text})"


def _url(button: Button, values: list[Any] | None, given: Given) -> Parameters:
    parameter = {"type": "text", "text": _text(button, values, given, MAX_URL)}
    if len(filled(str(button.described["url"]), [parameter])) > MAX_URL:
        raise given.refused(f"With its value, the address of button {button.index} is longer than {MAX_URL}.")
    return [parameter]


def _coupon(button: Button, values: list[Any] | None, given: Given) -> Parameters:
    return [{"type": "coupon_code", "coupon_code": _text(button, values, given, MAX_COUPON)}]


def _payload(button: Button, values: list[Any] | None, given: Given) -> Parameters:
    if not values:
        return None
    return [{"type": "payload", "payload": _text(button, values, given, MAX_BUTTON_ID)}]


class _FlowAction(KnownFieldsOnly):
    """Without a token, Meta puts the same one."""

    flow_token = serializers.CharField(default="unused", max_length=1000)
    flow_action_data = serializers.DictField(required=False, allow_empty=False)


class _ProductsAction(KnownFieldsOnly):
    thumbnail_product_retailer_id = serializers.CharField(max_length=MAX_PRODUCT_ID)
    sections = serializers.ListField(child=ProductSection(), allow_empty=False)

    def validate_sections(self, sections: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if not all(section.get("title") for section in sections):
            raise serializers.ValidationError("Each section needs a title.")
        return checked_sections(sections)


class _CatalogAction(KnownFieldsOnly):
    thumbnail_product_retailer_id = serializers.CharField(max_length=MAX_PRODUCT_ID)


class _OrderAction(KnownFieldsOnly):
    order_details = OrderDetails()


def _action(serializer: type[serializers.Serializer[Any]], needs: str) -> Any:
    """What checks the `action` of a button. `needs` says what it must have."""

    def check(button: Button, values: list[Any] | None, given: Given) -> Parameters:
        value = values[0] if values and len(values) == 1 else {"type": "action", "action": {}}
        action = value.get("action") if isinstance(value, dict) and value.get("type") == "action" else None
        body = serializer(data=action)
        if not body.is_valid():
            raise given.refused(f"{_named(button)} needs {needs}: {_first_error(body.errors)}")
        return [{"type": "action", "action": body.validated_data}]

    return check


def _first_error(errors: Any) -> str:
    """The first of a serializer's errors with the way to it."""
    if isinstance(errors, dict) and errors:
        name, inner = next(iter(errors.items()))
        return f"{name}: {_first_error(inner)}" if name != "non_field_errors" else _first_error(inner)
    if isinstance(errors, list) and errors:
        return _first_error(next((one for one in errors if one), ""))
    return str(errors)


def _catalog(button: Button, values: list[Any] | None, given: Given) -> Parameters:
    """Without a thumbnail, the first product of the catalog is shown."""
    return _action(_CatalogAction, "the product to show")(button, values, given) if values else []


def _ttl(button: Button, values: list[Any] | None, given: Given) -> Parameters:
    if not values:
        return None
    value = values[0] if len(values) == 1 else None
    minutes = value.get("ttl_minutes") if isinstance(value, dict) else None
    if not isinstance(minutes, int) or isinstance(minutes, bool) or not 1 <= minutes <= MAX_TTL_MINUTES:
        raise given.refused(f"{_named(button)} takes ttl_minutes from 1 to {MAX_TTL_MINUTES}.")
    return [{"type": "ttl_minutes", "ttl_minutes": minutes}]


_TAKES: dict[str, Callable[[Button, list[Any] | None, Given], Parameters]] = {
    "url": _url,
    "copy_code": _coupon,
    "quick_reply": _payload,
    "flow": _action(_FlowAction, "a flow"),
    "mpm": _action(_ProductsAction, "a thumbnail and sections of products"),
    "catalog": _catalog,
    "voice_call": _ttl,
    "order_details": _action(_OrderAction, "the details of the order"),
}
