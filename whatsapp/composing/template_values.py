"""The values that were given for a template: in Meta's shape (`components`), or in a short one (`parameters`).

Both become the same, so that one check serves both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import ValidationError

from whatsapp.composing.template_parts import Button, Parts, variables_of

_OFFER = "limited_time_offer"
_PLACES = ("header", "body", "buttons", _OFFER, "cards")
_MOST_BUTTONS = 10
# The types that Meta's parameters of buttons have.
_PARAMETERS = ("text", "payload", "coupon_code", "action", "ttl_minutes")


def refused(part: str, reason: str) -> ValidationError:
    """What is answered: under `template`, and there under the `part` of the request that is wrong."""
    return ValidationError({"template": {part: [reason]}})


@dataclass
class Given:
    """The values for a template or for one of its cards, each as a list of Meta's parameters. None: none were given.

    `source` is the part of the request they come from, `sub_types` what it says of the type of buttons.
    """

    source: str
    header: list[Any] | None = None
    body: list[Any] | None = None
    buttons: dict[int, list[Any]] = field(default_factory=dict)
    sub_types: dict[int, str] = field(default_factory=dict)
    offer: list[Any] | None = None
    cards: "list[Given] | None" = None

    def refused(self, reason: str) -> ValidationError:
        return refused(self.source, reason)


def given_values(parts: Parts, parameters: Any, components: list[Any] | None, *, named: bool) -> Given:
    """Read either form. Raises ValidationError."""
    if components is not None:
        return _read(components)
    return _read_short(parts, parameters, named=named)


def _read(components: list[Any]) -> Given:
    given = Given("components")
    for component in components:
        if not isinstance(component, dict):
            raise given.refused("Give each component as an object.")
        kind = str(component.get("type", "")).lower()
        if kind == "carousel" and given.cards is None:
            given.cards = _cards(given, component)
            continue
        parameters = component.get("parameters", [])
        if not isinstance(parameters, list):
            raise given.refused("Give the values as a list.")
        index = _index(component.get("index"))
        if kind == "header" and given.header is None:
            given.header = parameters
        elif kind == "body" and given.body is None:
            given.body = parameters
        elif kind == _OFFER and given.offer is None:
            given.offer = parameters
        elif kind == "button" and index is not None and index not in given.buttons:
            given.buttons[index] = parameters
            given.sub_types[index] = str(component.get("sub_type") or "").lower()
        else:
            raise given.refused("Give each part of the template at most once, and each button with its index.")
    return given


def _index(value: Any) -> int | None:
    places = {str(place): place for place in range(_MOST_BUTTONS)}
    return places.get(str(value)) if not isinstance(value, bool) else None


def _cards(given: Given, component: dict[str, Any]) -> list[Given]:
    cards = component.get("cards")
    if not isinstance(cards, list):
        raise given.refused("Give the cards of the carousel as a list.")
    found = []
    for place, card in enumerate(cards):
        if not isinstance(card, dict) or not isinstance(card.get("components"), list):
            raise given.refused(f"Card {place} needs a list of components.")
        if card.get("card_index", place) != place:
            raise given.refused("Number the cards with card_index from 0, in their order.")
        found.append(_read(card["components"]))
    return found


def _read_short(parts: Parts, parameters: Any, *, named: bool) -> Given:
    given = Given("parameters")
    if parameters is None:
        return given
    if isinstance(parameters, list):
        given.body = parameters
        return given
    if not isinstance(parameters, dict):
        raise given.refused("Give a list of values or an object.")
    names = set(variables_of(parts.header_text) + variables_of(parts.body_text)) if named else set()
    shared = {name: value for name, value in parameters.items() if name in names}
    placed = {name: value for name, value in parameters.items() if name not in names}
    if unknown := placed.keys() - set(_PLACES):
        if named:
            raise given.refused(f"The template does not use these values: {', '.join(sorted(map(str, unknown)))}.")
        raise given.refused(f"Use only {', '.join(f'`{place}`' for place in _PLACES)}.")
    given.header = _header(given, parts, placed.get("header"))
    given.body = _texts(given, placed.get("body"))
    if shared:
        given.header = _shared(given.header, variables_of(parts.header_text), shared)
        given.body = _shared(given.body, variables_of(parts.body_text), shared)
    given.buttons = _buttons(given, parts, placed.get("buttons"))
    given.offer = _offer(given, placed.get(_OFFER))
    given.cards = _short_cards(given, parts, placed.get("cards"), named=named)
    return given


def _shared(already: list[Any] | None, names: list[str], values: Mapping[str, Any]) -> list[Any] | None:
    """With the values that header and body have by name: the same name may stand in both."""
    found = [{"type": "text", "parameter_name": name, "text": values[name]} for name in names if name in values]
    return [*(already or []), *found] or None


def _texts(given: Given, value: Any) -> list[Any] | None:
    """A list of values, or an object of values by name."""
    if isinstance(value, dict):
        return [{"type": "text", "parameter_name": name, "text": text} for name, text in value.items()]
    if value is not None and not isinstance(value, list):
        raise given.refused("Give the values as a list.")
    return value


def _header(given: Given, parts: Parts, value: Any) -> list[Any] | None:
    """A text, or what the header shows: its content alone, or an address of it."""
    form = parts.header_format.lower()
    if form in ("", "text"):
        return _texts(given, value)
    if isinstance(value, str):
        value = {"link": value}
    if isinstance(value, dict):
        return [value if "type" in value else {"type": form, form: value}]
    return _texts(given, value)


def _buttons(given: Given, parts: Parts, value: Any) -> dict[int, list[Any]]:
    """A list of values by place, null for none, or an object of values by index."""
    if isinstance(value, list):
        value = dict(enumerate(value))
    if not isinstance(value, dict | None):
        raise given.refused("Give the values of buttons as a list.")
    buttons = {button.index: button for button in parts.buttons}
    found = {}
    for key, one in (value or {}).items():
        index = _index(key)
        if index is None:
            raise given.refused("Give the values of buttons by their index, from 0.")
        if one is not None:
            found[index] = one if isinstance(one, list) else [_button_parameter(buttons.get(index), one)]
    return found


def _button_parameter(button: Button | None, value: Any) -> Any:
    """A value as Meta's parameter for this button."""
    if isinstance(value, dict) and value.get("type") in _PARAMETERS:
        return value
    kind = button.value[0] if button is not None and button.value is not None else "text"
    if kind in ("flow", "products"):
        return {"type": "action", "action": value}
    if kind in ("thumbnail", "order_details"):
        name = "thumbnail_product_retailer_id" if kind == "thumbnail" else kind
        return {"type": "action", "action": value if isinstance(value, dict) and name in value else {name: value}}
    return {"type": kind, kind: value}


def _offer(given: Given, value: Any) -> list[Any] | None:
    """When the offer ends: a time, or the milliseconds since 1970 that Meta wants."""
    if value is None:
        return None
    if isinstance(value, dict):
        value = value.get("expiration_time_ms")
    if isinstance(value, str):
        try:
            at = parse_datetime(value)
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            raise given.refused("Give the end of the offer as a time with its zone, such as 2026-12-31T18:00:00Z.")
        value = round(at.timestamp() * 1000)
    return [{"type": _OFFER, _OFFER: {"expiration_time_ms": value}}]


def _short_cards(given: Given, parts: Parts, value: Any, *, named: bool) -> list[Given] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(card, dict) for card in value):
        raise given.refused("Give the cards as a list of objects.")
    if not parts.cards:
        raise given.refused("The template has no cards.")
    last = len(parts.cards) - 1
    return [_read_short(parts.cards[min(place, last)], card, named=named) for place, card in enumerate(value)]
